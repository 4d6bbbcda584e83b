import type { Statements } from './statements.ts'

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
export function chooseVictims(statements: Statements, eviction: Eviction, maxBytes: number, keep: ReadonlySet<string>): readonly Removed[] {
  let excess = totalsOf(statements).bytes - maxBytes
  const victims: Removed[] = []
  if (excess <= 0) return victims
  for (const { key, path, bytes } of candidates(statements, eviction)) {
    if (keep.has(key)) continue
    victims.push({ key, path })
    excess -= bytes
    if (excess <= 0) break
  }
  return victims
}

/** Of all files that the database knows. */
export function totalsOf({ totals }: Statements): { readonly entries: number; readonly bytes: number } {
  // The table has one row.
  return totals.get() as { readonly entries: number; readonly bytes: number }
}

/** Bytes of an entry's file; 0 when there is none. */
export function sizeOf({ sizeOf: statement }: Statements, key: string): number {
  return (statement.get(key) as { readonly bytes: number } | undefined)?.bytes ?? 0
}

function candidates({ byUse, bySize }: Statements, eviction: Eviction): Iterable<Candidate> {
  // The statements name their columns like the type's keys. One row after the other, because few will do.
  if (eviction !== 'hybrid') return (eviction === 'lru' ? byUse : bySize).iterate() as Iterable<Candidate>
  const all = byUse.all() as Candidate[]
  const half = Math.ceil(all.length / 2)
  const older = all.slice(0, half).sort((a, b) => b.bytes - a.bytes)
  return [...older, ...all.slice(half)]
}
