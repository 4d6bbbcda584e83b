import type { Worker } from '@rxtuna/core/node'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import type { Kysely } from 'kysely'
import { addDataset } from './datasets.ts'
import { failure } from './errors.ts'
import { chooseVictims, type Eviction, type Removed, sizeOf, totalsOf } from './eviction.ts'
import { Rooms } from './rooms.ts'
import { sha256 } from './sha256.ts'
import { Statements } from './statements.ts'
import type { CacheTables } from './tables.ts'
import { type Uses, writeUses } from './uses.ts'

/** An entry as the database knows it. */
export interface EntryRow {
  readonly path: string
  readonly checksum: string
  readonly request: string
  readonly rows: number
  readonly loadMs: number | null
  /** Unix seconds. */
  readonly loadedAt: number
}

/** What `find` came to: `damaged` is a row that is not as it was stored, or another key's. */
export type Found = EntryRow | 'damaged' | undefined

/** An entry to be stored: its file is written already. */
export interface NewEntry extends EntryRow {
  readonly key: string
  readonly bytes: number
  /** Which dataset it belongs to: a registered one, or that of its source and resolution, made if there is none. */
  readonly dataset: number | { readonly source: string; readonly resolution: string }
  readonly backtestIds: readonly string[]
  /** Unix seconds. */
  readonly at: number
}

export interface Limit {
  readonly maxBytes: number
  readonly eviction: Eviction
  /** Keys of entries that stay whatever happens. */
  readonly keep: ReadonlySet<string>
}

export type ClearWhat = { readonly key: string } | { readonly backtestId: string } | { readonly olderThan: Date }

/** Whether there is room for a file that is about to be written, and what had to leave for it. */
export interface Room {
  readonly isHeld: boolean
  readonly evicted: readonly Removed[]
}

// Up to so many are deleted sooner one by one.
const few = 8

/** What the database knows of entries: each method is one statement or one transaction, and rejects as the database does. */
export class Metadata implements Disposable {
  readonly db: SqliteDatabase
  readonly #build: Kysely<CacheTables>
  readonly #statements: Statements
  readonly #rooms: Rooms

  constructor(db: SqliteDatabase, worker: Worker) {
    this.db = db
    this.#build = db.kysely<CacheTables>()
    this.#statements = new Statements(db)
    this.#rooms = new Rooms(this.#statements, worker)
  }

  async find(key: string): Promise<Found> {
    // The statement names its columns like the type's keys.
    const row = (await this.db.read(() => this.#statements.find.get(key))) as (EntryRow & { readonly seal: string | null }) | undefined
    if (!row) return undefined
    return row.seal === null || row.seal === sealOf(key, row) ? row : 'damaged'
  }

  /**
   * Makes room for a file of so many bytes, evicting others, and holds it until `release`. The entry that it replaces does not count. `uses` is asked
   * for only where the order of uses matters. False when what stays takes too much.
   */
  async reserve(key: string, bytes: number, limit: Limit, uses: () => Uses, at: number): Promise<Room> {
    if (this.#rooms.take(bytes)) return { isHeld: true, evicted: [] }
    return this.db.write(() => {
      writeUses(this.#statements, uses(), at)
      const most = limit.maxBytes - bytes - this.#rooms.used(at) + sizeOf(this.#statements, key)
      const evicted = chooseVictims(this.#statements, limit.eviction, most, new Set([...limit.keep, key]))
      this.#delete(evicted)
      const left = most - totalsOf(this.#statements).bytes
      if (left < 0) return { isHeld: false, evicted }
      this.#rooms.extend(bytes, left, at)
      return { isHeld: true, evicted }
    })
  }

  /** Gives room back that was reserved, whether the file was stored or not. */
  release(bytes: number): void {
    this.#rooms.giveBack(bytes)
  }

  /** Gives up room that nothing is written into. */
  shrink(at: number): Promise<void> {
    return this.db.write(() => this.#rooms.shrink(at))
  }

  /** Gives up all room: the worker closes. */
  leave(): Promise<void> {
    return this.db.write(() => this.#rooms.leave())
  }

  /**
   * Stores or replaces an entry with its links, after `uses`, in the room that was reserved for it; returns what it replaced. An entry that is not wanted
   * any more, or older than what another process has stored meanwhile, is returned itself.
   */
  store(
    entry: NewEntry,
    uses: Uses,
    isWanted: () => boolean,
    now: number
  ): Promise<{ readonly removed: readonly Removed[]; readonly isKept: boolean }> {
    return this.db.write(() => {
      writeUses(this.#statements, uses, entry.at)
      if (!isWanted() || this.#isOutdated(entry, now)) return { removed: [entry], isKept: false }
      // The statement names its columns like the type's keys.
      const removed = this.#statements.replaced.all(entry.key, entry.path) as readonly Removed[]
      this.#upsert(entry, this.#dataset(entry))
      writeUses(
        this.#statements,
        { accesses: new Map(), links: entry.backtestIds.map(backtestId => ({ key: entry.key, backtestId })) },
        entry.at
      )
      this.#rooms.spend(entry.bytes)
      return { removed, isKept: true }
    })
  }

  async knowsDataset(id: number): Promise<boolean> {
    const known = this.#build.selectFrom('datasets').select('dataset_id').where('dataset_id', '=', id)
    return (await this.db.read(() => this.db.all(known))).length > 0
  }

  /** Takes an entry away, unless another file has replaced `path` meanwhile. */
  drop(key: string, path: string): Promise<readonly Removed[]> {
    return this.#take(() => this.db.all(this.#entries().where('cache_key', '=', key).where('parquet_path', '=', path)))
  }

  /** Takes entries away; an entry that another backtest uses too stays, without its link to this one. */
  clear(what: ClearWhat | undefined, uses: Uses, at: number): Promise<readonly Removed[]> {
    if (what === undefined) return this.db.write(() => this.#deleteAll())
    return this.#take(() => {
      writeUses(this.#statements, uses, at)
      const entries = this.#entries()
      if ('key' in what) return this.db.all(entries.where('cache_key', '=', what.key))
      if ('olderThan' in what) return this.db.all(entries.where('created_at', '<', what.olderThan.getTime() / 1000))
      const links = this.#build.selectFrom('backtest_cache_links').where('backtest_id', '=', what.backtestId)
      const mine = this.db.all(
        entries
          .where('cache_key', 'in', links.select('cache_key'))
          .where(({ not, exists, selectFrom }) =>
            not(
              exists(
                selectFrom('backtest_cache_links as other')
                  .select('other.id')
                  .whereRef('other.cache_key', '=', 'cache_entries.cache_key')
                  .where('other.backtest_id', '!=', what.backtestId)
              )
            )
          )
      )
      this.db.run(this.#build.deleteFrom('backtest_cache_links').where('backtest_id', '=', what.backtestId))
      return mine
    })
  }

  /** Brings the files within the limit. */
  evict(limit: Limit, uses: Uses, at: number): Promise<readonly Removed[]> {
    return this.#take(() => {
      writeUses(this.#statements, uses, at)
      this.#rooms.shrink(at)
      return chooseVictims(this.#statements, limit.eviction, limit.maxBytes - this.#rooms.used(at), limit.keep)
    })
  }

  /** Writes access times, counters and links in one transaction; those of entries that are gone are left out. */
  use(uses: Uses, at: number): Promise<void> {
    return this.db.write(() => writeUses(this.#statements, uses, at))
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    return totalsOf(this.#statements)
  }

  /** Names of all files, and the keys that they are for. */
  files(): Promise<readonly Removed[]> {
    return this.db.read(() => this.db.all(this.#entries().orderBy('cache_key')))
  }

  [Symbol.dispose](): void {
    this.db[Symbol.dispose]()
  }

  #take(choose: () => readonly Removed[]): Promise<readonly Removed[]> {
    return this.db.write(() => {
      const removed = choose()
      this.#delete(removed)
      return removed
    })
  }

  #entries() {
    return this.#build.selectFrom('cache_entries').select(['cache_key as key', 'parquet_path as path'])
  }

  #deleteAll(): readonly Removed[] {
    const all = this.db.all(this.#entries())
    // The links first, so that no entry has to look for its own.
    this.db.run(this.#build.deleteFrom('backtest_cache_links'))
    this.db.run(this.#build.deleteFrom('cache_entries'))
    return all
  }

  #delete(removed: readonly Removed[]): void {
    if (removed.length > few) this.#statements.deleteEntries.run(JSON.stringify(removed.map(({ key }) => key)))
    else for (const { key } of removed) this.#statements.deleteEntry.run(key)
  }

  #dataset({ dataset, at }: NewEntry): number {
    if (typeof dataset === 'object') {
      // The statement names its columns like the type's keys.
      const known = this.#statements.newestDataset.get(dataset.source, dataset.resolution) as KnownDataset | undefined
      if (!known) return addDataset(this.db, dataset, at)
      // To the second is enough, and spares a write.
      if (at - known.updatedAt >= 1) this.#statements.touchDataset.run(at, known.id)
      return known.id
    }
    if (this.#statements.touchDataset.run(at, dataset).changes === 0) throw failure('TIERED_DATASET', [dataset])
    return dataset
  }

  /** One that comes from a time that is yet to come is no reason: the clock was set back. */
  #isOutdated({ key, request, loadedAt }: NewEntry, now: number): boolean {
    // The statement names its columns like the type's keys.
    const before = this.#statements.find.get(key) as EntryRow | undefined
    return before !== undefined && before.request === request && before.loadedAt > loadedAt && before.loadedAt <= now
  }

  #upsert(entry: NewEntry, dataset: number): void {
    const { key, path, checksum, loadedAt, at, bytes, request, rows, loadMs } = entry
    // Links say which backtests used the table that this request names; another request's are not this one's.
    this.#statements.unlinkOthers.run(key, request)
    this.#statements.upsert.run(key, dataset, path, checksum, loadedAt, at, 1, bytes, request, rows, sealOf(key, entry), loadMs)
  }
}

interface KnownDataset {
  readonly id: number
  readonly updatedAt: number
}

/** The SHA-256 of what must be right for a table to be the right one, in hexadecimal. */
export function sealOf(key: string, { path, checksum, request, rows, loadedAt }: Omit<EntryRow, 'loadMs'>): string {
  return sha256(Buffer.from(JSON.stringify([key, path, checksum, request, rows, loadedAt])))
}
