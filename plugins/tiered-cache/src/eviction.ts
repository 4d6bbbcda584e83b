import type { SqliteDatabase } from '@rxtuna/core/sqlite'

/**
 * Which entries leave when the files together are over the limit, until they are within it. The entry just written stays.
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

const byUse = 'SELECT cache_key AS key, parquet_path AS path, size_bytes AS bytes FROM cache_entries ORDER BY last_accessed, rowid'
const bySize =
  'SELECT cache_key AS key, parquet_path AS path, size_bytes AS bytes FROM cache_entries ORDER BY size_bytes DESC, last_accessed, rowid'

/** The entries to remove so that those left take `maxBytes` at most. Runs inside a transaction. */
export function chooseVictims(db: SqliteDatabase, eviction: Eviction, maxBytes: number, except?: string): readonly Removed[] {
  let excess = totalBytes(db) - maxBytes
  const victims: Removed[] = []
  if (excess <= 0) return victims
  for (const candidate of candidates(db, eviction)) {
    if (candidate.key === except) continue
    victims.push({ key: candidate.key, path: candidate.path })
    excess -= candidate.bytes
    if (excess <= 0) break
  }
  return victims
}

/** Bytes of all files that the database knows. */
export function totalBytes(db: SqliteDatabase): number {
  // The aggregate always returns one row of one number.
  return (db.prepare('SELECT COALESCE(SUM(size_bytes), 0) AS bytes FROM cache_entries').get() as { readonly bytes: number }).bytes
}

function candidates(db: SqliteDatabase, eviction: Eviction): Iterable<Candidate> {
  // Both statements name their columns like the type's keys.
  if (eviction !== 'hybrid') return db.prepare(eviction === 'lru' ? byUse : bySize).iterate() as Iterable<Candidate>
  const all = db.prepare(byUse).all() as Candidate[]
  const half = Math.ceil(all.length / 2)
  const older = all.slice(0, half).sort((a, b) => b.bytes - a.bytes)
  return [...older, ...all.slice(half)]
}
