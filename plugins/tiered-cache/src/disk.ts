import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StudyError } from '@rxtuna/core'
import type { Worker } from '@rxtuna/core/node'
import type { Table } from 'apache-arrow'
import type { ColdTier } from './cold-tier.ts'
import { sha256 } from './directory-tier.ts'
import { failure, why } from './errors.ts'
import type { Eviction, Removed } from './eviction.ts'
import { type Claim, Leases } from './lease.ts'
import { type ClearWhat, type EntryRow, isDamage, type Metadata, type NewEntry, openMetadata } from './metadata.ts'
import { decodeParquet, encodeParquet } from './parquet.ts'
import { type Link, PendingUses } from './pending.ts'

export interface DiskOptions {
  readonly directory: string
  readonly metadata: string
  readonly tier: ColdTier
  readonly worker: Worker
  readonly maxBytes: number
  readonly eviction: Eviction
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told of each failure that was worked around. */
  readonly report: (error: Error, key?: string) => void
  readonly invalidated: (key: string, reason: 'checksum' | 'missing') => void
}

/** What is stored with a table. */
export interface Stored extends Pick<NewEntry, 'key' | 'request' | 'dataset' | 'backtestIds' | 'loadMs'> {
  readonly table: Table
}

const flushMs = 1_000
const fullBatch = 1_000

/** Files and metadata together. Reading and leasing never reject: what fails is reported, and the answer is that nothing is there. */
export class Disk {
  maxBytes: number
  eviction: Eviction
  readonly #options: DiskOptions
  readonly #uses = new PendingUses()
  #flushedAt = 0
  #flushing: Promise<void> | undefined
  #metadata: Metadata | undefined
  #leases: Leases | undefined
  #unusable: Error | undefined
  #healing: Promise<void> | undefined

  private constructor(options: DiskOptions) {
    this.#options = options
    this.maxBytes = options.maxBytes
    this.eviction = options.eviction
  }

  /** Makes the directories, opens the metadata and tidies up. A disk that cannot be used is reported, and then holds nothing. */
  static async open(options: DiskOptions): Promise<Disk> {
    const disk = new Disk(options)
    try {
      await mkdir(options.directory, { recursive: true })
      await mkdir(dirname(options.metadata), { recursive: true })
    } catch (error) {
      disk.#unusable = disk.#metadataFailure(error)
      options.report(disk.#unusable)
      return disk
    }
    await disk.#open()
    const metadata = disk.#metadata
    if (metadata) {
      await options.tier
        .collect(() => metadata.paths())
        .catch((error: unknown) => options.report(failure('TIERED_COLLECT', [why(error)], error)))
    }
    return disk
  }

  /** The table of a key, if its file is there and sound and `request`, where given, is what it was stored for. */
  async read(key: string, request?: string): Promise<{ readonly table: Table; readonly row: EntryRow } | undefined> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const row = await this.#soft(metadata => metadata.find(key), key)
      if (!row || (request !== undefined && row.request !== request)) return undefined
      let reason: 'checksum' | 'missing' = 'checksum'
      try {
        const read = await this.#options.tier.read(row.path, row.checksum)
        if (read.kind === 'found') {
          const table = await decodeParquet(read.bytes, row.rows).catch(() => undefined)
          if (table) return { table, row }
        } else reason = read.kind
      } catch (error) {
        // Whoever loads the table now will replace the entry; it may be sound, so it is not taken away here.
        this.#options.report(failure('TIERED_READ', [key, why(error)], error), key)
        return undefined
      }
      // Replaced or taken away between the row and the file: look again.
      if (reason === 'missing' && (await this.#soft(metadata => metadata.find(key), key))?.path !== row.path) continue
      const removed = await this.#soft(metadata => metadata.drop(key, row.path), key)
      if (removed) await this.#remove(removed)
      this.#options.invalidated(key, reason)
      return undefined
    }
    return undefined
  }

  /** Writes the file, then the row; returns what was evicted for it. Rejects when the disk fails. A file over the limit is not kept. */
  async store(entry: Stored): Promise<readonly Removed[]> {
    if (this.maxBytes === 0) return []
    const { key, table } = entry
    const metadata = this.#usable()
    const bytes = await encodeParquet(table).catch((error: unknown) => {
      throw failure('TIERED_ENCODE', [key, why(error)], error)
    })
    if (bytes.length > this.maxBytes) {
      await this.clear({ key })
      return []
    }
    const path = await this.#options.tier.write(key, bytes).catch((error: unknown) => {
      throw failure('TIERED_WRITE', [key, why(error)], error)
    })
    const { request, dataset, backtestIds, loadMs } = entry
    const row: NewEntry = {
      ...{ key, request, dataset, backtestIds, loadMs, path },
      checksum: sha256(bytes),
      rows: table.numRows,
      bytes: bytes.length,
      at: this.#stamp()
    }
    try {
      const { replaced, evicted } = await metadata.store(row, this, this.#uses.take())
      await this.#remove([...replaced, ...evicted])
      return evicted
    } catch (error) {
      await this.#remove([{ key, path }])
      if (error instanceof StudyError && error.code === 'TIERED_DATASET') throw error
      throw await this.#failed(error)
    }
  }

  /** `mine` without a lease when the metadata cannot be used: then each process loads for itself. */
  async claim(key: string, request: string): Promise<Claim> {
    return (await this.#soft(() => this.#leases?.claim(key, request), key)) ?? 'mine'
  }

  async release(key: string): Promise<void> {
    await this.#soft(() => this.#leases?.release(key), key)
  }

  /** Takes entries and their files away. Rejects when the metadata cannot be used. */
  clear(what?: ClearWhat): Promise<readonly Removed[]> {
    return this.#take(metadata => metadata.clear(what, this.#uses.take(), this.#stamp()))
  }

  /** Brings the files within the limit. Rejects when the metadata cannot be used. */
  evict(): Promise<readonly Removed[]> {
    return this.#take(metadata => metadata.evict(this, this.#uses.take(), this.#stamp()))
  }

  /** Counts a use, in memory. */
  used(key: string): void {
    this.#uses.access(key, this.#options.clock())
  }

  /** Notes a backtest's use, in memory unless there are many. */
  linked(key: string, backtestId: string): void {
    this.#uses.link(key, backtestId)
    if (this.#uses.links >= fullBatch) this.#flushing ??= this.#flushInBackground()
  }

  /** Writes what is in memory in the background, at most once a second. */
  flushSoon(): void {
    if (this.#options.clock() - this.#flushedAt >= flushMs) this.#flushing ??= this.#flushInBackground()
  }

  async flush(): Promise<void> {
    this.#flushedAt = this.#options.clock()
    if (this.#uses.empty) return
    const uses = this.#uses.take()
    await this.#soft(metadata => metadata.use(uses, this.#stamp()))
  }

  async link(links: readonly Link[]): Promise<void> {
    await this.#soft(metadata => metadata.use({ accesses: new Map(), links }, this.#options.clock() / 1000))
  }

  /** False when it could not be written. */
  async record(day: number, hits: number, misses: number): Promise<boolean> {
    return (await this.#soft(metadata => metadata.record(day, hits, misses).then(() => true))) ?? false
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    try {
      return this.#metadata?.totals() ?? { entries: 0, bytes: 0 }
    } catch {
      // Statistics are no reason to fail; the next read or write reports what is wrong.
      return { entries: 0, bytes: 0 }
    }
  }

  async close(): Promise<void> {
    await this.#flushing
    await this.flush()
    this.#leases?.[Symbol.dispose]()
    this.#metadata?.[Symbol.dispose]()
  }

  async #open(): Promise<void> {
    const { metadata: path, worker, clock, report } = this.#options
    try {
      this.#metadata = await openMetadata(path, clock, report)
      this.#leases = new Leases({ db: this.#metadata.db, worker, clock })
      this.#unusable = undefined
    } catch (error) {
      this.#unusable = this.#metadataFailure(error)
      report(this.#unusable)
    }
  }

  #stamp(): number {
    return this.#uses.stamp(this.#options.clock())
  }

  async #flushInBackground(): Promise<void> {
    await this.flush()
    this.#flushing = undefined
  }

  #usable(): Metadata {
    if (!this.#metadata) throw this.#unusable ?? this.#metadataFailure('it is closed')
    return this.#metadata
  }

  async #take(work: (metadata: Metadata) => Promise<readonly Removed[]>): Promise<readonly Removed[]> {
    const metadata = this.#usable()
    const removed = await work(metadata).catch(async (error: unknown) => {
      throw await this.#failed(error)
    })
    await this.#remove(removed)
    return removed
  }

  async #soft<T>(work: (metadata: Metadata) => Promise<T> | undefined, key?: string): Promise<T | undefined> {
    if (!this.#metadata) return undefined
    try {
      return await work(this.#metadata)
    } catch (error) {
      this.#options.report(await this.#failed(error), key)
      return undefined
    }
  }

  /** A failed file removal leaves an orphan, which a later opening collects. */
  async #remove(removed: readonly Removed[]): Promise<void> {
    await this.#options.tier.remove(removed.map(({ path }) => path)).catch(() => {})
  }

  /** The error to report; damage is also mended, by setting the database aside. */
  async #failed(error: unknown): Promise<Error> {
    if (isDamage(error)) {
      this.#healing ??= this.#heal().finally(() => {
        this.#healing = undefined
      })
      await this.#healing
    }
    return this.#metadataFailure(error)
  }

  async #heal(): Promise<void> {
    this.#leases?.[Symbol.dispose]()
    this.#metadata?.[Symbol.dispose]()
    this.#leases = this.#metadata = undefined
    await this.#open()
  }

  #metadataFailure(error: unknown): StudyError {
    if (error instanceof StudyError && error.code.startsWith('TIERED_METADATA')) return error
    return failure('TIERED_METADATA', [this.#options.metadata, why(error)], error)
  }
}
