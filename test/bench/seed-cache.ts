import { createHash } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Table } from 'apache-arrow'
import Database from 'better-sqlite3'
import { decodeParquet, encodeParquet } from '../../plugins/tiered-cache/src/parquet.ts'
import { tableBytes } from '../../plugins/tiered-cache/src/table.ts'

export interface SeedOptions {
  /** Made if it is missing; holds the files, flat, and `metadata.db`. */
  readonly directory: string
  /** Bytes of tables in memory; 0 keeps none. */
  readonly hotBytes: number
  /** Bytes of files. */
  readonly coldBytes: number
}

interface Row {
  readonly path: string
  readonly checksum: string
  readonly rows: number
}

// The tables that a hit, a put or an eviction reads or writes. Times are whole seconds.
const schema = `
  CREATE TABLE IF NOT EXISTS cache_entries (
    cache_key TEXT PRIMARY KEY, dataset_id INTEGER NOT NULL, parquet_path TEXT NOT NULL, checksum TEXT NOT NULL, created_at INTEGER NOT NULL,
    last_accessed INTEGER NOT NULL, access_count INTEGER NOT NULL DEFAULT 1, size_bytes INTEGER NOT NULL, row_count INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS entries_by_dataset ON cache_entries (dataset_id);
  CREATE INDEX IF NOT EXISTS entries_by_access ON cache_entries (last_accessed);
  CREATE TABLE IF NOT EXISTS backtest_cache_links (
    id INTEGER PRIMARY KEY, backtest_id TEXT NOT NULL, cache_key TEXT NOT NULL, linked_at INTEGER NOT NULL);
  CREATE INDEX IF NOT EXISTS links_by_backtest ON backtest_cache_links (backtest_id);
  CREATE INDEX IF NOT EXISTS links_by_entry ON backtest_cache_links (cache_key);`

const statements = (db: Database.Database) => ({
  find: db.prepare('SELECT parquet_path AS path, checksum, row_count AS rows FROM cache_entries WHERE cache_key = ?'),
  touch: db.prepare('UPDATE cache_entries SET last_accessed = ?, access_count = access_count + 1 WHERE cache_key = ?'),
  insert: db.prepare(
    `INSERT OR REPLACE INTO cache_entries (cache_key, dataset_id, parquet_path, checksum, created_at, last_accessed, size_bytes, row_count)
     VALUES (?, 1, ?, ?, ?, ?, ?, ?)`
  ),
  link: db.prepare('INSERT INTO backtest_cache_links (backtest_id, cache_key, linked_at) VALUES (?, ?, ?)'),
  total: db.prepare('SELECT COALESCE(SUM(size_bytes), 0) FROM cache_entries').pluck(),
  count: db.prepare('SELECT COUNT(*) FROM cache_entries').pluck(),
  oldest: db.prepare('SELECT cache_key AS key, parquet_path AS path FROM cache_entries ORDER BY last_accessed LIMIT 1'),
  all: db.prepare('SELECT cache_key AS key, parquet_path AS path FROM cache_entries'),
  remove: db.prepare('DELETE FROM cache_entries WHERE cache_key = ?')
})

const chunkBytes = 8 * 2 ** 20
const seconds = (): number => Math.floor(Date.now() / 1000)

/**
 * What the tiered cache is measured against: the algorithm of the cache that it succeeds, RustyBT's `CacheManager`, as its documentation and the
 * behaviour of its version 0.3.3 show it, written anew. Tables in memory over Parquet files over SQLite as SQLite is by default (a rollback journal,
 * `synchronous=FULL`). Each hit, in memory too, commits its access time; each read from the disk hashes the file, then reads it once more; a file is
 * written in place and hashed by reading it back; entries leave one by one, each with a commit.
 *
 * It is spared what is not its algorithm: it has prepared statements where the original builds SQL for each call, one connection, no log lines, it
 * replaces an entry where the original fails, and it encodes and decodes with our functions, which is why it also notes a number of rows.
 */
export class SeedCache implements Disposable {
  coldBytes: number
  readonly session = { hits: 0, misses: 0, hotHits: 0, coldHits: 0 }
  readonly #directory: string
  readonly #hotBytes: number
  readonly #hot = new Map<string, { readonly table: Table; readonly bytes: number }>()
  #heldBytes = 0
  readonly #db: Database.Database
  readonly #sql: ReturnType<typeof statements>
  readonly #chunk = Buffer.alloc(chunkBytes)

  constructor({ directory, hotBytes, coldBytes }: SeedOptions) {
    mkdirSync(directory, { recursive: true })
    this.#directory = directory
    this.#hotBytes = hotBytes
    this.coldBytes = coldBytes
    this.#db = new Database(join(directory, 'metadata.db'))
    this.#db.pragma('journal_mode = DELETE')
    this.#db.pragma('synchronous = FULL')
    this.#db.exec(schema)
    this.#sql = statements(this.#db)
  }

  get bytes(): number {
    return this.#sql.total.get() as number
  }

  get entries(): number {
    return this.#sql.count.get() as number
  }

  async get(key: string): Promise<Table | undefined> {
    const hot = this.#recall(key)
    if (hot) {
      this.session.hits++
      this.session.hotHits++
      this.#sql.touch.run(seconds(), key)
      return hot
    }
    const row = this.#sql.find.get(key) as Row | undefined
    if (!row || !existsSync(join(this.#directory, row.path))) return this.#miss()
    const path = join(this.#directory, row.path)
    if (this.#checksum(path) !== row.checksum) {
      unlinkSync(path)
      this.#sql.remove.run(key)
      return this.#miss()
    }
    const table = await decodeParquet(readFileSync(path), row.rows)
    this.#remember(key, table)
    this.session.hits++
    this.session.coldHits++
    this.#sql.touch.run(seconds(), key)
    return table
  }

  async put(key: string, table: Table, backtestId?: string): Promise<void> {
    this.#remember(key, table)
    const name = `${key}.parquet`
    const path = join(this.#directory, name)
    writeFileSync(path, await encodeParquet(table))
    const checksum = this.#checksum(path)
    const { size } = statSync(path)
    const now = seconds()
    this.#db.transaction(() => {
      this.#sql.insert.run(key, name, checksum, now, now, size, table.numRows)
      if (backtestId !== undefined) this.#sql.link.run(backtestId, key, now)
    })()
    this.evict()
  }

  /** Brings the files within `coldBytes`, least recently used first. */
  evict(): void {
    while (this.bytes > this.coldBytes) this.#remove(this.#sql.oldest.get() as { readonly key: string; readonly path: string })
  }

  clear(): void {
    this.#hot.clear()
    this.#heldBytes = 0
    for (const entry of this.#sql.all.all() as { readonly key: string; readonly path: string }[]) this.#remove(entry)
  }

  [Symbol.dispose](): void {
    this.#db.close()
  }

  #remove({ key, path }: { readonly key: string; readonly path: string }): void {
    unlinkSync(join(this.#directory, path))
    this.#sql.remove.run(key)
  }

  #miss(): undefined {
    this.session.misses++
  }

  #checksum(path: string): string {
    const hash = createHash('sha256')
    const file = openSync(path, 'r')
    try {
      for (let read = -1; read !== 0; ) {
        read = readSync(file, this.#chunk, 0, chunkBytes, null)
        hash.update(this.#chunk.subarray(0, read))
      }
    } finally {
      closeSync(file)
    }
    return hash.digest('hex')
  }

  /** Set anew, so that the first key of the map is the least recently used. */
  #recall(key: string): Table | undefined {
    const entry = this.#hot.get(key)
    if (!entry) return undefined
    this.#hot.delete(key)
    this.#hot.set(key, entry)
    return entry.table
  }

  #remember(key: string, table: Table): void {
    const bytes = tableBytes(table)
    if (bytes > this.#hotBytes) return
    this.#forget(key)
    for (const oldest of this.#hot.keys()) {
      if (this.#heldBytes + bytes <= this.#hotBytes) break
      this.#forget(oldest)
    }
    this.#hot.set(key, { table, bytes })
    this.#heldBytes += bytes
  }

  #forget(key: string): void {
    this.#heldBytes -= this.#hot.get(key)?.bytes ?? 0
    this.#hot.delete(key)
  }
}
