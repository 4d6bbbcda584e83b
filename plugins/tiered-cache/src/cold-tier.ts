/** What reading an object came to. */
export type ColdRead = { readonly kind: 'found'; readonly bytes: Uint8Array } | { readonly kind: 'missing' } | { readonly kind: 'checksum' }

/**
 * Where encoded tables lie: a directory, or later an object store. An object is written once under a name of its own and never changed, so a
 * reader sees all of it or none. Methods reject when the place fails; a missing or changed object is an answer, not an error.
 */
export interface ColdTier {
  /** Stores the bytes durably and returns their name; nothing is left behind when it rejects. */
  write(key: string, bytes: Uint8Array): Promise<string>
  /** The bytes, if their SHA-256 is `checksum`. */
  read(name: string, checksum: string): Promise<ColdRead>
  /** Removes what is there of these; what is not is no error. */
  remove(names: readonly string[]): Promise<void>
  /** Removes what dead processes left: half-written objects, and those that `known`, asked after listing, does not hold. Returns how many. */
  collect(known: () => Promise<ReadonlySet<string>>): Promise<number>
}
