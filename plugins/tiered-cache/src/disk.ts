import type { Table } from 'apache-arrow'
import type { Catalog } from './catalog.ts'
import { ColdReader, type ColdReaderOptions } from './cold-reader.ts'
import type { Connection } from './connection.ts'
import { midnight } from './daily-counts.ts'
import { failure, why } from './errors.ts'
import type { Eviction, Removed } from './eviction.ts'
import type { Claim } from './lease.ts'
import type { ClearWhat, EntryRow, Limit, NewEntry, Room } from './metadata.ts'
import { PendingUses } from './pending-uses.ts'
import type { Link, Uses } from './uses.ts'
import { type Verified, verifyAll } from './verify.ts'

export interface DiskOptions extends Omit<ColdReaderOptions, 'remove'> {
  readonly maxBytes: number
  readonly eviction: Eviction
  readonly evicted: (removed: readonly Removed[]) => void
}

/** What is stored with a table. */
export interface Stored extends Pick<NewEntry, 'key' | 'request' | 'dataset' | 'backtestIds' | 'loadMs'> {
  readonly table: Table
  /** Milliseconds since the epoch. */
  readonly loadedAt: number
  /** Asked when the file is written: false when it is of no use any more. */
  readonly isWanted: () => boolean
}

const flushMs = 1_000
const fullBatch = 1_000

/** Files and metadata together. Reading and leasing never reject: what fails is reported, and the answer is that nothing is there. */
export class Disk {
  maxBytes: number
  eviction: Eviction
  readonly #options: DiskOptions
  readonly #connection: Connection
  readonly #uses = new PendingUses()
  readonly #reader: ColdReader
  /** Files that are written, and in no row yet. */
  readonly #unrecorded = new Set<string>()
  /** How many writes hold room, and the end of the next of them. */
  #writing = 0
  #written: PromiseWithResolvers<void> = Promise.withResolvers()
  #tooLarge = 0
  #flushedAt = Number.NEGATIVE_INFINITY
  #later: NodeJS.Timeout | undefined
  #tidying: Promise<void> | undefined
  #flushing: Promise<void> | undefined

  constructor(options: DiskOptions) {
    this.#options = options
    this.#connection = options.connection
    this.#reader = new ColdReader({ ...options, remove: removed => this.#remove(removed) })
    this.maxBytes = options.maxBytes
    this.eviction = options.eviction
  }

  /** As `tidy`, in the background. */
  tidySoon(): void {
    this.#tidying = this.tidy()
  }

  /** Removes what dead processes left, and brings the files within the limit. What fails is reported. */
  async tidy(): Promise<void> {
    await this.#connection.try(async ({ metadata }) => {
      const known = async () => {
        // Before the rows, so that a file that gets its row meanwhile is in one of both.
        const unrecorded = [...this.#unrecorded]
        return new Set([...unrecorded, ...(await metadata.files()).map(({ path }) => path)])
      }
      await this.#options.tier
        .collect(known)
        .catch((error: unknown) => this.#options.report(failure('TIERED_COLLECT', [why(error)], error)))
      // Without a file tier of our own, the files are others'.
      if (this.maxBytes > 0) await this.#leave(await metadata.evict(this.#limit(), this.#uses.take(), this.#now()))
    })
  }

  /** The table of a key, if its file is there and sound and `request`, where given, is what it was stored for. */
  read(key: string, request?: string): Promise<{ readonly table: Table; readonly row: EntryRow } | undefined> {
    return this.maxBytes === 0 ? Promise.resolve(undefined) : this.#reader.read(key, request)
  }

  /**
   * Writes the file, then the row. Rejects when the disk fails. A table for which there is no room is not kept. False when it is not wanted any more, or
   * older than what another process has stored.
   */
  async store({ table, loadedAt, isWanted, ...entry }: Stored): Promise<boolean> {
    const { maxBytes } = this
    if (maxBytes === 0) return true
    const { key } = entry
    this.flushSoon()
    const { bytes, checksum } = await this.#options.codec.encode(table).catch((error: unknown) => {
      throw failure('TIERED_ENCODE', [key, why(error)], error)
    })
    const room = await this.#makeRoom(key, bytes.length)
    let path: string | undefined
    let isStored = false
    try {
      await this.#leave(room.evicted)
      if (!room.isHeld) {
        // Unless a newer table has come: then that one stays.
        if (isWanted()) await this.clear({ key })
        return true
      }
      path = await this.#options.tier.write(key, bytes).catch((error: unknown) => {
        throw failure('TIERED_WRITE', [key, why(error)], error)
      })
      this.#unrecorded.add(path)
      const size = { rows: table.numRows, bytes: bytes.length }
      const row: NewEntry = { ...entry, ...size, path, checksum, loadedAt: loadedAt / 1000, at: this.#uses.stamp(this.#options.clock()) }
      const { removed, isKept } = await this.#connection.use(({ metadata }) =>
        metadata.store(row, this.#uses.take(), isWanted, this.#now())
      )
      isStored = true
      await this.#remove(removed)
      // The limit may have become smaller since room was made.
      if (this.maxBytes < maxBytes) await this.shrink()
      return isKept
    } catch (error) {
      if (path !== undefined && !isStored) await this.#remove([{ key, path }])
      throw error
    } finally {
      if (path !== undefined) this.#unrecorded.delete(path)
      if (room.isHeld) this.#giveBack(bytes.length)
      // What nothing was written into is others' again.
      if (room.isHeld && !isStored) await this.#connection.try(({ metadata }) => metadata.shrink(this.#now()))
    }
  }

  /** `mine` without a lease when the metadata cannot be used: then each process loads for itself. */
  async claim(key: string, request: string, laterThan?: number): Promise<Claim> {
    return (await this.#connection.try(({ leases }) => leases.claim(key, request, laterThan), key)) ?? 'mine'
  }

  async release(key: string): Promise<void> {
    await this.#connection.try(({ leases }) => leases.release(key), key)
  }

  /** Takes entries and their files away; `gone` is told of each, before its file goes. Rejects when the metadata cannot be used. */
  async clear(what?: ClearWhat, gone: (key: string) => void = () => {}): Promise<void> {
    const removed = await this.#connection.use(({ metadata }) => metadata.clear(what, this.#uses.take(), this.#now()))
    for (const { key } of removed) gone(key)
    await this.#remove(removed)
  }

  /** Whether a dataset is registered; undefined when that cannot be told. */
  knowsDataset(id: number): Promise<boolean | undefined> {
    return this.#connection.try(({ metadata }) => metadata.knowsDataset(id))
  }

  /** Brings the files within the limit, and returns the keys of what left. Rejects when the metadata cannot be used. */
  async evict(): Promise<readonly string[]> {
    // Without a file tier of our own, the files are others'.
    return this.maxBytes === 0 ? [] : this.shrink()
  }

  /** As `evict`, down to nothing where that is the limit. */
  async shrink(): Promise<readonly string[]> {
    const removed = await this.#connection.use(({ metadata }) => metadata.evict(this.#limit(), this.#uses.take(), this.#now()))
    await this.#leave(removed)
    return removed.map(({ key }) => key)
  }

  /** Reads and hashes every file, and tidies up. Rejects when the metadata cannot be used, and with the signal's reason. */
  async verify(signal?: AbortSignal, onProgress?: (done: number, total: number) => void): Promise<Verified> {
    const files = await this.#connection.use(({ metadata }) => metadata.files())
    const keys = files.map(({ key }) => key)
    const verified = await verifyAll(keys, key => this.#reader.check(key), signal, onProgress)
    await this.tidy()
    return verified
  }

  /** Asks the catalog, after uses that are not written yet. Rejects when the metadata cannot be used. */
  async ask<T>(question: (catalog: Catalog) => Promise<T>): Promise<T> {
    await this.flush()
    return this.#connection.use(({ catalog }) => question(catalog))
  }

  /** Counts a use, in memory. */
  used(key: string): void {
    this.#uses.access(key, this.#options.clock())
  }

  /** Notes a backtest's use, in memory unless there are many. */
  linked(key: string, backtestId: string): void {
    this.#uses.link(key, backtestId)
    if (this.#uses.links >= fullBatch) this.#flushing ??= this.#flushInBackground()
    // Soon, because clearing another backtest must know of it.
    else this.flushSoon()
  }

  /** Writes what is in memory in the background, at most once a second. */
  flushSoon(): void {
    const since = performance.now() - this.#flushedAt
    if (since >= flushMs) this.#flushing ??= this.#flushInBackground()
    else this.#later ??= setTimeout(() => this.#flushLater(), flushMs - since).unref()
  }

  async flush(): Promise<void> {
    this.#flushedAt = performance.now()
    if (this.#uses.empty) return
    const uses = this.#uses.take()
    await this.#connection.try(({ metadata }) => metadata.use(uses, this.#now()))
  }

  async link(links: readonly Link[]): Promise<void> {
    await this.#connection.try(({ metadata }) => metadata.use({ accesses: new Map(), links }, this.#now()))
  }

  /** Adds counts to this day. False when they could not be written. */
  async record(hits: number, misses: number): Promise<boolean> {
    const day = midnight(this.#options.clock())
    return (await this.#connection.try(({ catalog }) => catalog.record(day, hits, misses).then(() => true))) ?? false
  }

  /** Why nothing can be stored; absent while it can. */
  get problem(): Error | undefined {
    return this.#connection.unusable
  }

  /** How many tables were not kept because their file alone is over the limit. */
  get tooLarge(): number {
    return this.#tooLarge
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    return this.#connection.peek(({ metadata }) => metadata.totals()) ?? { entries: 0, bytes: 0 }
  }

  async close(): Promise<void> {
    clearTimeout(this.#later)
    await this.#flushing
    await this.#tidying
    await this.flush()
    await this.#connection.try(({ metadata }) => metadata.leave())
    this.#connection.close()
    await this.#options.codec[Symbol.asyncDispose]()
  }

  #giveBack(bytes: number): void {
    this.#connection.peek(({ metadata }) => metadata.release(bytes))
    this.#writing--
    this.#written.resolve()
    this.#written = Promise.withResolvers()
  }

  async #makeRoom(key: string, bytes: number): Promise<Room> {
    if (bytes > this.maxBytes) {
      this.#tooLarge++
      this.#options.report(failure('TIERED_NO_ROOM', [key, bytes, this.maxBytes]), key)
      return { isHeld: false, evicted: [] }
    }
    const uses = (): Uses => this.#uses.take()
    for (;;) {
      const room = await this.#connection.use(({ metadata }) => metadata.reserve(key, bytes, this.#limit(), uses, this.#now()))
      if (room.isHeld) this.#writing++
      // Where our own writes take the room, the first that ends makes some.
      if (room.isHeld || this.#writing === 0) return room
      await this.#leave(room.evicted)
      await this.#written.promise
    }
  }

  #limit(): Limit {
    return { maxBytes: this.maxBytes, eviction: this.eviction, keep: this.#reader.reading }
  }

  #now(): number {
    return this.#options.clock() / 1000
  }

  #flushLater(): void {
    this.#later = undefined
    this.#flushing ??= this.#flushInBackground()
  }

  async #flushInBackground(): Promise<void> {
    await this.#connection.follow()
    await this.flush()
    this.#flushing = undefined
  }

  async #leave(evicted: readonly Removed[]): Promise<void> {
    await this.#remove(evicted)
    this.#options.evicted(evicted)
  }

  /** A file that cannot be removed is reported, and left to a later opening. */
  async #remove(removed: readonly Removed[]): Promise<void> {
    this.#reader.forget(removed)
    await this.#options.tier
      .remove(removed.map(({ path }) => path))
      .catch((error: unknown) => this.#options.report(failure('TIERED_REMOVE', [why(error)], error)))
  }
}
