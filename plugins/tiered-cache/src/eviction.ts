import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { sql } from 'kysely'
import type { CacheTables } from './tables.ts'

/**
 * Which entries leave when the files together are over the limit, until they are within it. What this process reads at that moment stays.
 * - `lru`: the least recently used first.
 * - `size`: the largest first; of equal ones the least recently used.
 * - `hybrid`: of the half that was not used for longest the largest first, and only when none of that half is left, the other half, least
 *   recently used first. So one large old table goes before many small ones, and what is in use now goes last.
 */
export type Eviction = 'lru' | 'size' | 'hybrid'

export const evictions: readonly Eviction[] = ['lru', 'size', 'hybrid']

/** An entry that has left the database; its file is still to be removed. */
export interface Removed {
  readonly key: string
  readonly path: string
}

interface Candidate extends Removed {
  readonly bytes: number
}

/** The entries to remove so that those left take `maxBytes` at most, as far as `keep` allows. Runs inside a transaction. */
export function chooseVictims(db: SqliteDatabase, eviction: Eviction, maxBytes: number, keep: ReadonlySet<string>): readonly Removed[] {
  let excess = totalBytes(db) - maxBytes
  const victims: Removed[] = []
  if (excess <= 0) return victims
  for (const { key, path, bytes } of candidates(db, eviction)) {
    if (keep.has(key)) continue
    victims.push({ key, path })
    excess -= bytes
    if (excess <= 0) break
  }
  return victims
}

/** Bytes of all files that the database knows. */
export function totalBytes(db: SqliteDatabase): number {
  const build = db.kysely<CacheTables>()
  const [row] = db.all(build.selectFrom('cache_entries').select(build.fn.sum<number | null>('size_bytes').as('bytes')))
  return row?.bytes ?? 0
}

/** Bytes of an entry's file; 0 when there is none. */
export function bytesOf(db: SqliteDatabase, key: string): number {
  const [row] = db.all(db.kysely<CacheTables>().selectFrom('cache_entries').select('size_bytes').where('cache_key', '=', key))
  return row?.size_bytes ?? 0
}

function candidates(db: SqliteDatabase, eviction: Eviction): Iterable<Candidate> {
  const all = db
    .kysely<CacheTables>()
    .selectFrom('cache_entries')
    .select(['cache_key as key', 'parquet_path as path', 'size_bytes as bytes'])
  const byUse = all.orderBy('last_accessed').orderBy(sql`rowid`)
  if (eviction !== 'hybrid') {
    const { sql: text } = (
      eviction === 'lru' ? byUse : all.orderBy('size_bytes', 'desc').orderBy('last_accessed').orderBy(sql`rowid`)
    ).compile()
    // The statement names its columns like the type's keys. One row after the other, because few will do.
    return db.prepare(text).iterate() as Iterable<Candidate>
  }
  const listed = db.all(byUse)
  const half = Math.ceil(listed.length / 2)
  const older = listed.slice(0, half).sort((a, b) => b.bytes - a.bytes)
  return [...older, ...listed.slice(half)]
}
