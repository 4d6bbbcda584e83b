import type { Table } from 'apache-arrow'
import type { Codec } from './codec.ts'
import type { ColdTier } from './cold-tier.ts'
import type { Connection } from './connection.ts'
import { failure, why } from './errors.ts'
import type { Removed } from './eviction.ts'
import type { EntryRow } from './metadata.ts'

export interface ColdReaderOptions {
  readonly tier: ColdTier
  readonly codec: Codec
  readonly connection: Connection
  /** Whether a file is hashed at each read, or not again while its version is the one that was verified. */
  readonly checksums: 'always' | 'once'
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told of each failure that was worked around. */
  readonly report: (error: Error, key?: string) => void
  readonly invalidated: (key: string, reason: 'checksum' | 'missing') => void
  readonly remove: (removed: readonly Removed[]) => Promise<void>
}

/** Reads tables whose row, file and checksum fit together. What does not is taken away, and counts as not there. */
export class ColdReader {
  readonly #options: ColdReaderOptions
  readonly #connection: Connection
  /** How many reads of an entry are under way. */
  readonly #reading = new Map<string, number>()
  /** Versions of files whose content was that of their checksum. */
  readonly #verified = new Map<string, string>()

  constructor(options: ColdReaderOptions) {
    this.#options = options
    this.#connection = options.connection
  }

  /** Keys of the entries that are read now. */
  get reading(): ReadonlySet<string> {
    return new Set(this.#reading.keys())
  }

  /** The files are gone, or other ones by now. */
  forget(removed: readonly Removed[]): void {
    for (const { path } of removed) this.#verified.delete(path)
  }

  /** The table of a key, if its file is there and sound and `request`, where given, is what it was stored for. Never rejects. */
  async read(key: string, request?: string): Promise<{ readonly table: Table; readonly row: EntryRow } | undefined> {
    this.#reading.set(key, (this.#reading.get(key) ?? 0) + 1)
    try {
      return await this.#read(key, request)
    } finally {
      const left = (this.#reading.get(key) ?? 0) - 1
      if (left > 0) this.#reading.set(key, left)
      else this.#reading.delete(key)
    }
  }

  /** The size of an entry's file; undefined when it was damaged, and 0 when it is gone by now or could not be read. */
  async check(key: string): Promise<number | undefined> {
    const { tier, codec, report } = this.#options
    const row = await this.#connection.use(({ metadata }) => metadata.find(key))
    if (row === 'damaged') return void (await this.#dropDamaged(key))
    if (!row) return 0
    try {
      const object = await tier.read(row.path)
      if (object && (await codec.hash(object.bytes)) === row.checksum) return object.bytes.length
      if (!(await this.#isStill(key, row))) return 0
      await this.#drop(key, row, object ? 'checksum' : 'missing')
      return undefined
    } catch (error) {
      report(failure('TIERED_READ', [key, why(error)], error), key)
      return 0
    }
  }

  async #read(key: string, request?: string): Promise<{ readonly table: Table; readonly row: EntryRow } | undefined> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const row = await this.#connection.try(({ metadata }) => metadata.find(key), key)
      if (row === 'damaged') return void (await this.#dropDamaged(key))
      if (!row || (request !== undefined && row.request !== request)) return undefined
      const table = await this.#table(key, row)
      if (table === 'failed') return undefined
      if (typeof table === 'object') return { table, row }
      // Replaced or taken away between the row and the file: look again.
      if (table === 'missing' && !(await this.#isStill(key, row))) continue
      await this.#drop(key, row, table)
      return undefined
    }
    return undefined
  }

  async #table(key: string, { path, rows, checksum }: EntryRow): Promise<Table | 'missing' | 'checksum' | 'failed'> {
    const { tier, codec, checksums, report } = this.#options
    try {
      const object = await tier.read(path)
      if (!object) return 'missing'
      const { bytes, version } = object
      const isKnown = version !== undefined && this.#verified.get(path) === version
      const table = await codec.decode(bytes, rows, isKnown ? undefined : checksum)
      if (table && version !== undefined && checksums === 'once') this.#verified.set(path, version)
      return table ?? 'checksum'
    } catch (error) {
      // Whoever loads the table now will replace the entry; it may be sound, so it is not taken away here.
      report(failure('TIERED_READ', [key, why(error)], error), key)
      return 'failed'
    }
  }

  async #isStill(key: string, { path }: EntryRow): Promise<boolean> {
    const now = await this.#connection.try(({ metadata }) => metadata.find(key), key)
    return typeof now === 'object' && now.path === path
  }

  async #drop(key: string, { path }: EntryRow, reason: 'missing' | 'checksum'): Promise<void> {
    const removed = await this.#connection.try(({ metadata }) => metadata.drop(key, path), key)
    if (removed) await this.#options.remove(removed)
    this.#options.invalidated(key, reason)
  }

  /** Takes away an entry whose row is not as it was stored, unless the whole database is not. */
  async #dropDamaged(key: string): Promise<void> {
    await this.#connection.recheck()
    const now = this.#options.clock() / 1000
    const removed = await this.#connection.try(({ metadata }) => metadata.clear({ key }, { accesses: new Map(), links: [] }, now), key)
    if (removed) await this.#options.remove(removed)
    this.#options.invalidated(key, 'checksum')
  }
}
