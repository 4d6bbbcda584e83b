import type { SqliteDatabase } from '@rxtuna/core/sqlite'

/** What was used since the last write: per entry how often and when last, and which backtests used it. */
export interface Uses {
  readonly accesses: ReadonlyMap<string, { readonly count: number; readonly at: number }>
  readonly links: readonly Link[]
}

/** A backtest that used an entry. */
export interface Link {
  readonly key: string
  readonly backtestId: string
}

/** Writes uses, inside a transaction; those of entries that are gone are left out. `at` is in Unix seconds. */
export function writeUses(db: SqliteDatabase, { accesses, links }: Uses, at: number): void {
  // Not built by the builder, because each runs once per entry that was used.
  const access = db.prepare(
    'UPDATE cache_entries SET access_count = access_count + ?, last_accessed = MAX(last_accessed, ?) WHERE cache_key = ?'
  )
  for (const [key, use] of accesses) access.run(use.count, use.at, key)
  const link = db.prepare(
    `INSERT INTO backtest_cache_links (backtest_id, cache_key, linked_at) SELECT ?, cache_key, ? FROM cache_entries WHERE cache_key = ?
     ON CONFLICT DO NOTHING`
  )
  for (const { key, backtestId } of links) link.run(backtestId, at, key)
}
