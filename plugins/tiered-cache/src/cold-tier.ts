/** An object as it was read. */
export interface ColdObject {
  readonly bytes: Uint8Array
  /** Other whenever the bytes may be; absent while that cannot be told. */
  readonly version?: string
}

/**
 * Where encoded tables lie: a directory, or an object store. An object is written once under a name of its own and never changed, so a reader sees
 * all of it or none. Methods reject when the place fails; a missing object is an answer, not an error. Whether the bytes are those that were written
 * is the cache's to find out.
 */
export interface ColdTier {
  /** Stores the bytes durably and returns their name; nothing is left behind when it rejects. */
  write(key: string, bytes: Uint8Array): Promise<string>
  /** Undefined when there is none of that name. Large objects are best read onto shared memory, which threads see without a copy. */
  read(name: string): Promise<ColdObject | undefined>
  /** Removes what is there of these; what is not is no error. */
  remove(names: readonly string[]): Promise<void>
  /** Removes what dead processes left: half-written objects, and those that `known`, asked after listing, does not hold. Returns how many. */
  collect(known: () => Promise<ReadonlySet<string>>): Promise<number>
}
