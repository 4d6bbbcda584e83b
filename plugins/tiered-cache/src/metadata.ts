import { asWorker, type Worker, workerState } from '@rxtuna/core/node'
import type { SqliteDatabase, SqliteStatement } from '@rxtuna/core/sqlite'
import { type Kysely, sql } from 'kysely'
import { ensureDataset } from './datasets.ts'
import { bytesOf, chooseVictims, type Eviction, type Removed, totalBytes } from './eviction.ts'
import { sha256 } from './sha256.ts'
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

/** Room for a file that is about to be written; `undefined` when there is none. */
export interface Room {
  readonly pending: number | undefined
  readonly evicted: readonly Removed[]
}

// The reservation of a worker of another host, which cannot be seen from here, is given up after this time.
const abandonedSeconds = 3_600

/** What the database knows of entries: each method is one statement or one transaction, and rejects as the database does. */
export class Metadata implements Disposable {
  readonly db: SqliteDatabase
  readonly #build: Kysely<CacheTables>
  readonly #worker: Worker
  readonly #find: SqliteStatement

  constructor(db: SqliteDatabase, worker: Worker) {
    this.db = db
    this.#worker = worker
    this.#build = db.kysely<CacheTables>()
    // The one statement of each cold hit, so it is built once.
    this.#find = db.prepare(this.#rows().where('cache_key', '=', '').compile().sql)
  }

  async find(key: string): Promise<Found> {
    // The statement names its columns like the type's keys.
    const row = (await this.db.read(() => this.#find.get(key))) as (EntryRow & { readonly seal: string | null }) | undefined
    if (!row) return undefined
    return row.seal === null || row.seal === sealOf(key, row) ? row : 'damaged'
  }

  /** Makes room for a file of so many bytes, after `uses`, and holds it until `store` or `release`. The entry that it replaces does not count. */
  reserve(key: string, bytes: number, limit: Limit, uses: Uses, at: number): Promise<Room> {
    return this.db.write(() => {
      writeUses(this.db, uses, at)
      const left = limit.maxBytes - bytes - this.#pendingBytes(at) + bytesOf(this.db, key)
      const evicted = chooseVictims(this.db, limit.eviction, left, new Set([...limit.keep, key]))
      this.#delete(evicted)
      if (totalBytes(this.db) > left) return { pending: undefined, evicted }
      const pending = this.db.run(
        this.#build.insertInto('pending_files').values({ size_bytes: bytes, worker: JSON.stringify(this.#worker), begun_at: at })
      )
      return { pending: Number(pending.lastInsertRowid), evicted }
    })
  }

  /** Gives the room of a file that was not written back. */
  release(pending: number): Promise<void> {
    return this.db.write(() => this.#release(pending))
  }

  /** Stores or replaces an entry with its links, in the room that was made for it; returns what it replaced. */
  store(entry: NewEntry, pending: number): Promise<readonly Removed[]> {
    return this.db.write(() => {
      this.#release(pending)
      const replaced = this.#entries().where('cache_key', '=', entry.key).where('parquet_path', '!=', entry.path)
      const removed = this.db.all(replaced)
      this.#upsert(entry, ensureDataset(this.db, entry.dataset, entry.at))
      writeUses(this.db, { accesses: new Map(), links: entry.backtestIds.map(backtestId => ({ key: entry.key, backtestId })) }, entry.at)
      return removed
    })
  }

  /** Takes an entry away, unless another file has replaced `path` meanwhile. */
  drop(key: string, path: string): Promise<readonly Removed[]> {
    return this.#take(() => this.db.all(this.#entries().where('cache_key', '=', key).where('parquet_path', '=', path)))
  }

  /** Takes entries away; an entry that another backtest uses too stays, without its link to this one. */
  clear(what: ClearWhat | undefined, uses: Uses, at: number): Promise<readonly Removed[]> {
    return this.#take(() => {
      writeUses(this.db, uses, at)
      const entries = this.#entries()
      if (what === undefined) return this.db.all(entries)
      if ('key' in what) return this.db.all(entries.where('cache_key', '=', what.key))
      if ('olderThan' in what) return this.db.all(entries.where('created_at', '<', what.olderThan.getTime() / 1000))
      const links = this.#build.selectFrom('backtest_cache_links').select('cache_key')
      const mine = this.db.all(entries.where('cache_key', 'in', links.where('backtest_id', '=', what.backtestId)))
      this.db.run(this.#build.deleteFrom('backtest_cache_links').where('backtest_id', '=', what.backtestId))
      const used = new Set(this.db.all(links.distinct()).map(({ cache_key }) => cache_key))
      return mine.filter(({ key }) => !used.has(key))
    })
  }

  /** Brings the files within the limit. */
  evict(limit: Limit, uses: Uses, at: number): Promise<readonly Removed[]> {
    return this.#take(() => {
      writeUses(this.db, uses, at)
      return chooseVictims(this.db, limit.eviction, limit.maxBytes - this.#pendingBytes(at), limit.keep)
    })
  }

  /** Writes access times, counters and links in one transaction; those of entries that are gone are left out. */
  use(uses: Uses, at: number): Promise<void> {
    return this.db.write(() => writeUses(this.db, uses, at))
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    const { fn } = this.#build
    const [row] = this.db.all(
      this.#build.selectFrom('cache_entries').select([fn.countAll<number>().as('entries'), fn.sum<number | null>('size_bytes').as('bytes')])
    )
    return { entries: row?.entries ?? 0, bytes: row?.bytes ?? 0 }
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

  #rows() {
    return this.#build
      .selectFrom('cache_entries')
      .select(['parquet_path as path', 'checksum', 'request', 'row_count as rows', 'load_ms as loadMs', 'created_at as loadedAt', 'seal'])
  }

  #delete(removed: readonly Removed[]): void {
    if (removed.length === 0) return
    const keys = JSON.stringify(removed.map(({ key }) => key))
    this.db.run(this.#build.deleteFrom('cache_entries').where('cache_key', 'in', sql<string>`(select value from json_each(${keys}))`))
  }

  #release(pending: number): void {
    this.db.run(this.#build.deleteFrom('pending_files').where('id', '=', pending))
  }

  /** Bytes of files that living workers are writing; what dead ones reserved is given up. */
  #pendingBytes(at: number): number {
    let bytes = 0
    for (const row of this.db.all(this.#build.selectFrom('pending_files').selectAll())) {
      if (this.#isWriting(row.worker, at - row.begun_at)) bytes += row.size_bytes
      else this.#release(row.id)
    }
    return bytes
  }

  #isWriting(text: string, seconds: number): boolean {
    const worker = asWorker(parsed(text))
    const state = worker ? workerState(worker) : 'dead'
    return state === 'alive' || (state === 'unknown' && seconds < abandonedSeconds)
  }

  #upsert(entry: NewEntry, dataset_id: number): void {
    const { key: cache_key, request, at } = entry
    // Links say which backtests used the table that this request names; another request's are not this one's.
    const other = this.#build
      .selectFrom('cache_entries')
      .select('cache_key')
      .where('cache_key', '=', cache_key)
      .where('request', '!=', request)
    this.db.run(this.#build.deleteFrom('backtest_cache_links').where('cache_key', 'in', other))
    const row = {
      dataset_id,
      parquet_path: entry.path,
      checksum: entry.checksum,
      created_at: entry.loadedAt,
      last_accessed: at,
      access_count: 1,
      size_bytes: entry.bytes,
      request,
      row_count: entry.rows,
      seal: sealOf(cache_key, entry)
    }
    this.db.run(
      this.#build
        .insertInto('cache_entries')
        .values({ cache_key, ...row, load_ms: entry.loadMs })
        .onConflict(conflict =>
          conflict.column('cache_key').doUpdateSet({ ...row, load_ms: sql<number | null>`coalesce(excluded.load_ms, load_ms)` })
        )
    )
  }
}

/** The SHA-256 of what must be right for a table to be the right one, in hexadecimal. */
export function sealOf(key: string, { path, checksum, request, rows, loadedAt }: Omit<EntryRow, 'loadMs'>): string {
  return sha256(Buffer.from(JSON.stringify([key, path, checksum, request, rows, loadedAt])))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
