import { rename, stat } from 'node:fs/promises'
import { openSqlite, type SqliteDatabase } from '@rxtuna/core/sqlite'
import { failure } from './errors.ts'
import { chooseVictims, type Eviction, type Removed, totalBytes } from './eviction.ts'
import type { Link, Uses } from './pending.ts'
import { checkSound, migrate } from './schema.ts'

/** An entry as the database knows it. */
export interface EntryRow {
  readonly path: string
  readonly checksum: string
  readonly request: string
  readonly rows: number
  readonly loadMs: number | null
}

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

export type ClearWhat = { readonly key: string } | { readonly backtestId: string } | { readonly olderThan: Date }

const nothing: Uses = { accesses: new Map(), links: [] }

/** The metadata database: each method is one statement or one transaction, and rejects as the database does. */
export class Metadata implements Disposable {
  readonly db: SqliteDatabase
  constructor(db: SqliteDatabase) {
    this.db = db
  }

  find(key: string): Promise<EntryRow | undefined> {
    const statement = this.db.prepare(
      'SELECT parquet_path AS path, checksum, request, row_count AS rows, load_ms AS loadMs FROM cache_entries WHERE cache_key = ?'
    )
    // The statement names its columns like the type's keys.
    return this.db.read(() => statement.get(key) as EntryRow | undefined)
  }

  /** Stores or replaces an entry with its links, after `uses`, and evicts others down to `maxBytes`. */
  store(
    entry: NewEntry,
    limit: { readonly maxBytes: number; readonly eviction: Eviction },
    uses: Uses = nothing
  ): Promise<{ readonly replaced: readonly Removed[]; readonly evicted: readonly Removed[] }> {
    return this.db.write(() => {
      this.#writeUses(uses, entry.at)
      const replaced = this.#select('cache_key = ?', entry.key).filter(before => before.path !== entry.path)
      this.#upsert(entry, this.#dataset(entry))
      for (const backtestId of entry.backtestIds) this.#link({ key: entry.key, backtestId }, entry.at)
      const evicted = chooseVictims(this.db, limit.eviction, limit.maxBytes, entry.key)
      this.#delete(evicted)
      return { replaced, evicted }
    })
  }

  /** Takes an entry away, unless another file has replaced `path` meanwhile. */
  drop(key: string, path: string): Promise<readonly Removed[]> {
    return this.#take(() => this.#select('cache_key = ? AND parquet_path = ?', key, path))
  }

  /** Takes entries away; an entry that another backtest uses too stays, without its link to this one. */
  clear(what: ClearWhat | undefined, uses: Uses, at: number): Promise<readonly Removed[]> {
    return this.#take(() => {
      this.#writeUses(uses, at)
      if (what === undefined) return this.#select('1')
      if ('key' in what) return this.#select('cache_key = ?', what.key)
      if ('olderThan' in what) return this.#select('created_at < ?', what.olderThan.getTime() / 1000)
      const mine = this.#select('cache_key IN (SELECT cache_key FROM backtest_cache_links WHERE backtest_id = ?)', what.backtestId)
      this.db.prepare('DELETE FROM backtest_cache_links WHERE backtest_id = ?').run(what.backtestId)
      const used = this.db.prepare('SELECT 1 FROM backtest_cache_links WHERE cache_key = ? LIMIT 1')
      return mine.filter(({ key }) => used.get(key) === undefined)
    })
  }

  evict(limit: { readonly maxBytes: number; readonly eviction: Eviction }, uses: Uses, at: number): Promise<readonly Removed[]> {
    return this.#take(() => {
      this.#writeUses(uses, at)
      return chooseVictims(this.db, limit.eviction, limit.maxBytes)
    })
  }

  /** Writes access times, counters and links in one transaction; those of entries that are gone are left out. */
  use(uses: Uses, at: number): Promise<void> {
    return this.db.write(() => this.#writeUses(uses, at))
  }

  /** Adds counts to a day, which is the Unix time of its midnight, and notes the size of now. */
  record(day: number, hits: number, misses: number): Promise<void> {
    return this.db.write(() => {
      this.db
        .prepare(
          `INSERT INTO cache_statistics (stat_date, hit_count, miss_count, total_size_mb) VALUES (?, ?, ?, ?) ON CONFLICT (stat_date) DO UPDATE SET
           hit_count = hit_count + excluded.hit_count, miss_count = miss_count + excluded.miss_count, total_size_mb = excluded.total_size_mb`
        )
        .run(day, hits, misses, totalBytes(this.db) / 2 ** 20)
    })
  }

  totals(): { readonly entries: number; readonly bytes: number } {
    // One row of two numbers, named like the type's keys.
    return this.db.prepare('SELECT COUNT(*) AS entries, COALESCE(SUM(size_bytes), 0) AS bytes FROM cache_entries').get() as {
      readonly entries: number
      readonly bytes: number
    }
  }

  async paths(): Promise<ReadonlySet<string>> {
    return new Set((await this.db.read(() => this.#select('1'))).map(({ path }) => path))
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

  /** `where` is one of this file's own texts. */
  #select(where: string, ...parameters: readonly unknown[]): readonly Removed[] {
    const statement = this.db.prepare(`SELECT cache_key AS key, parquet_path AS path FROM cache_entries WHERE ${where}`)
    return statement.all(...parameters) as Removed[]
  }

  #delete(removed: readonly Removed[]): void {
    if (removed.length === 0) return
    const keys = JSON.stringify(removed.map(({ key }) => key))
    this.db.prepare('DELETE FROM cache_entries WHERE cache_key IN (SELECT value FROM json_each(?))').run(keys)
  }

  #dataset({ dataset, at }: NewEntry): number {
    if (typeof dataset === 'number') {
      if (!this.db.prepare('SELECT 1 FROM datasets WHERE dataset_id = ?').get(dataset)) throw failure('TIERED_DATASET', [dataset])
      return dataset
    }
    const { source, resolution } = dataset
    this.db
      .prepare('INSERT INTO datasets (source, resolution, created_at, updated_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING')
      .run(source, resolution, at, at)
    // The row was made by the line above, if it was not there before.
    const row = this.db
      .prepare('SELECT dataset_id AS id FROM datasets WHERE source = ? AND resolution = ? ORDER BY schema_version DESC LIMIT 1')
      .get(source, resolution) as { readonly id: number }
    return row.id
  }

  #upsert(entry: NewEntry, dataset: number): void {
    // Links say which backtests used the table that this request names; another request's are not this one's.
    this.db
      .prepare(
        'DELETE FROM backtest_cache_links WHERE cache_key = (SELECT cache_key FROM cache_entries WHERE cache_key = ? AND request <> ?)'
      )
      .run(entry.key, entry.request)
    this.db
      .prepare(
        `INSERT INTO cache_entries (cache_key, dataset_id, parquet_path, checksum, created_at, last_accessed, size_bytes, request, row_count, load_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (cache_key) DO UPDATE SET dataset_id = excluded.dataset_id,
         parquet_path = excluded.parquet_path, checksum = excluded.checksum, created_at = excluded.created_at, last_accessed = excluded.last_accessed,
         access_count = excluded.access_count, size_bytes = excluded.size_bytes, request = excluded.request, row_count = excluded.row_count,
         load_ms = COALESCE(excluded.load_ms, load_ms)`
      )
      .run(entry.key, dataset, entry.path, entry.checksum, entry.at, entry.at, entry.bytes, entry.request, entry.rows, entry.loadMs)
  }

  #writeUses({ accesses, links }: Uses, at: number): void {
    const update = this.db.prepare(
      'UPDATE cache_entries SET access_count = access_count + ?, last_accessed = MAX(last_accessed, ?) WHERE cache_key = ?'
    )
    for (const [key, access] of accesses) update.run(access.count, access.at, key)
    for (const link of links) this.#link(link, at)
  }

  #link({ key, backtestId }: Link, at: number): void {
    this.db
      .prepare(
        `INSERT INTO backtest_cache_links (backtest_id, cache_key, linked_at) SELECT ?, cache_key, ? FROM cache_entries WHERE cache_key = ?
         ON CONFLICT DO NOTHING`
      )
      .run(backtestId, at, key)
  }
}

/**
 * Opens the metadata, making or migrating it. A damaged database is renamed to `<path>.corrupt-<time>` and begun anew, and `aside` is told;
 * one of another program, or of a newer version, rejects and stays as it is.
 */
export async function openMetadata(path: string, clock: () => number, aside: (error: Error) => void): Promise<Metadata> {
  for (let attempt = 0; ; attempt++) {
    const before = await inode(path)
    let db: SqliteDatabase | undefined
    try {
      db = await openSqlite({ path })
      await migrate(db)
      checkSound(db)
      return new Metadata(db)
    } catch (error) {
      db?.[Symbol.dispose]()
      if (!isDamage(error) || attempt > 1) throw error
      // Another process may have begun it anew in the meantime.
      if ((await inode(path)) !== before) continue
      const target = `${path}.corrupt-${clock()}`
      for (const suffix of ['-wal', '-shm', '']) await rename(path + suffix, target + suffix).catch(ifMissing)
      aside(failure('TIERED_METADATA_CORRUPT', [path, target], error))
    }
  }
}

/** Whether an error says that the database itself is damaged. */
export function isDamage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return code === 'SQLITE_NOT_A_DATABASE' || code === 'SQLITE_NOTADB' || code.startsWith('SQLITE_CORRUPT')
}

async function inode(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined
  )
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
