import { hash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache, type TableRequest } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { requestText } from '../../../plugins/tiered-cache/src/key.ts'

/** The first released schema, as it was. */
const schema = `
  CREATE TABLE datasets (
     dataset_id INTEGER PRIMARY KEY AUTOINCREMENT,
     source TEXT NOT NULL, resolution TEXT NOT NULL, schema_version INTEGER NOT NULL DEFAULT 1,
     created_at REAL NOT NULL, updated_at REAL NOT NULL,
     UNIQUE (source, resolution, schema_version));
   CREATE TABLE cache_entries (
     cache_key TEXT PRIMARY KEY NOT NULL,
     dataset_id INTEGER NOT NULL REFERENCES datasets (dataset_id),
     parquet_path TEXT NOT NULL, checksum TEXT NOT NULL,
     created_at REAL NOT NULL, last_accessed REAL NOT NULL,
     access_count INTEGER NOT NULL DEFAULT 1, size_bytes INTEGER NOT NULL,
     request TEXT NOT NULL, row_count INTEGER NOT NULL, load_ms REAL);
   CREATE INDEX idx_cache_entries_dataset ON cache_entries (dataset_id);
   CREATE INDEX idx_cache_entries_accessed ON cache_entries (last_accessed);
   CREATE INDEX idx_cache_entries_size ON cache_entries (size_bytes);
   CREATE TABLE backtest_cache_links (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     backtest_id TEXT NOT NULL,
     cache_key TEXT NOT NULL REFERENCES cache_entries (cache_key) ON DELETE CASCADE,
     linked_at REAL NOT NULL,
     UNIQUE (backtest_id, cache_key));
   CREATE INDEX idx_backtest_links_cache ON backtest_cache_links (cache_key);
   CREATE TABLE cache_statistics (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     stat_date INTEGER NOT NULL UNIQUE,
     hit_count INTEGER NOT NULL DEFAULT 0, miss_count INTEGER NOT NULL DEFAULT 0,
     total_size_mb REAL NOT NULL DEFAULT 0.0);
   CREATE TABLE leases (
     cache_key TEXT PRIMARY KEY NOT NULL,
     worker TEXT NOT NULL, renewed_at REAL NOT NULL) WITHOUT ROWID;`

/** A cache of the first schema with these tables; every tenth file is gone. Returns the requests whose files are there. */
export async function makeSchema1(
  directory: string,
  tables: readonly { readonly request: TableRequest; readonly table: Table }[]
): Promise<readonly TableRequest[]> {
  const keys: string[] = []
  {
    // Today's files are those of then; only the database was another.
    await using cache = await openTieredCache({ directory })
    for (const { request, table } of tables) {
      await cache.put(request, table)
      keys.push(cache.key(request))
    }
  }
  for (const name of readdirSync(directory)) if (name.startsWith('metadata.db')) rmSync(join(directory, name))
  const names = new Map(readdirSync(directory).map(name => [name.slice(0, name.indexOf('.')), name]))
  const gone: string[] = []
  using db = await openSqlite({ path: join(directory, 'metadata.db') })
  await db.write(() => {
    db.exec(schema)
    db.exec('PRAGMA user_version = 1; PRAGMA application_id = 1920496739')
    db.exec("INSERT INTO datasets (source, resolution, created_at, updated_at) VALUES ('prices', '1d', 1700000000, 1700000000)")
    db.exec('INSERT INTO cache_statistics (stat_date, hit_count, miss_count) VALUES (1699920000, 3, 4)')
    const entry = db.prepare('INSERT INTO cache_entries VALUES (?, 1, ?, ?, 1700000000, 1700000000.5, 1, ?, ?, ?, 12.5)')
    const link = db.prepare("INSERT INTO backtest_cache_links (backtest_id, cache_key, linked_at) VALUES ('old/1', ?, 1700000000)")
    for (const [i, { request, table }] of tables.entries()) {
      // Each table was put above, under this key.
      const key = keys[i] as string
      const name = names.get(key) as string
      const bytes = readFileSync(join(directory, name))
      entry.run(key, name, hash('sha256', bytes, 'hex'), bytes.length, requestText(request), table.numRows)
      link.run(key)
      if (i % 10 === 9) gone.push(name)
    }
  })
  for (const name of gone) rmSync(join(directory, name))
  return tables.flatMap(({ request }, i) => (i % 10 === 9 ? [] : [request]))
}
