import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { openSqlite } from '@rxtuna/core/sqlite'
import { expect } from 'chai'

/** What the database of a sound directory says besides its entries. */
export interface SoundDirectory {
  readonly leases: readonly unknown[]
  /** Sums over all days. */
  readonly statistics: { readonly hits: number; readonly misses: number }
}

/** Checks that the files are those of the rows, none half-written, and within the limit together, and that the database is sound. */
export async function checkDirectory(directory: string, limit: number, context = ''): Promise<SoundDirectory> {
  const files = readdirSync(directory).filter(name => name.includes('.parquet'))
  using db = await openSqlite({ path: join(directory, 'metadata.db') })
  // The statements name their columns like the types' keys.
  const rows = db.prepare('SELECT parquet_path AS path, size_bytes AS bytes FROM cache_entries').all() as { path: string; bytes: number }[]
  expect(files.toSorted(), `${context}: files and rows`).to.deep.equal(rows.map(({ path }) => path).toSorted())
  for (const { path, bytes } of rows) expect(statSync(join(directory, path)).size, `${context}: ${path}`).to.equal(bytes)
  const together = rows.reduce((sum, { bytes }) => sum + bytes, 0)
  expect(together, `${context}: bytes of all files`).to.be.at.most(limit)
  expect(db.prepare('PRAGMA integrity_check').all(), context).to.deep.equal([{ integrity_check: 'ok' }])
  expect(db.prepare('PRAGMA foreign_key_check').all(), context).to.deep.equal([])
  const statistics = db.prepare('SELECT TOTAL(hit_count) AS hits, TOTAL(miss_count) AS misses FROM cache_statistics').get()
  return { leases: db.prepare('SELECT cache_key FROM leases').all(), statistics: statistics as SoundDirectory['statistics'] }
}
