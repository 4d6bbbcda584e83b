import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { failure } from './errors.ts'

/** Marks the database as a tiered cache's: "rxtc". */
const applicationId = 0x72787463

/**
 * One step per version, never changed once released. Times are Unix seconds, with milliseconds as their fraction.
 * `request` is the canonical text of what was asked for; `load_ms` is how long its source took.
 */
const steps: readonly string[] = [
  `CREATE TABLE datasets (
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
]

/** Brings a database to the current version in one transaction. Rejects for another program's database, and for a newer version. */
export async function migrate(db: SqliteDatabase): Promise<void> {
  await db.write(() => {
    const version = pragma(db, 'user_version')
    const id = pragma(db, 'application_id')
    const empty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
    if (id !== applicationId && !empty) throw failure('TIERED_METADATA_FOREIGN', [db.path])
    if (version > steps.length) throw failure('TIERED_METADATA_NEWER', [db.path, version, steps.length])
    if (version === steps.length) return
    for (const step of steps.slice(version)) db.exec(step)
    db.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${applicationId}`)
  })
}

/** Throws, as SQLite does for damage that it meets, when the database is not sound. */
export function checkSound(db: SqliteDatabase): void {
  // A pragma's row has one column, named like the pragma.
  const row = db.prepare('PRAGMA quick_check(1)').get() as { readonly quick_check: string }
  if (row.quick_check !== 'ok') throw Object.assign(new Error(row.quick_check), { code: 'SQLITE_CORRUPT' })
}

function pragma(db: SqliteDatabase, name: 'user_version' | 'application_id'): number {
  // The statement has one integer column of the pragma's name.
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0
}
