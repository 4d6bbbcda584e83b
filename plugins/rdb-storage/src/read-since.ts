import type { TrialRecord } from '@rxtuna/core'
import type { StudyView } from './study-view.ts'
import type { TrialReader } from './trial-reader.ts'

/** Where a reader stands: trials beyond the id `after` are new to it, and so are changes from `at` on. */
export interface SqliteCursor {
  readonly epoch: object
  readonly after: number
  readonly at: number
}

/**
 * What is new since a cursor, at most `limit` trials: first older ones to which something happened, then those that were created. A page
 * with fewer is the last. Call it inside a transaction, after the view's `sync`.
 */
export function readSince(
  reader: TrialReader,
  view: StudyView,
  since: SqliteCursor | undefined,
  limit: number
): { readonly trials: readonly TrialRecord[]; readonly cursor: SqliteCursor } {
  const { epoch, changes } = view
  let { after, at } = since ?? { after: 0, at: changes.length }
  const changed = new Set<number>()
  for (; at < changes.length && changed.size < limit; at++) {
    const id = changes[at] as number
    // What is new to this reader follows below, as it is by now.
    if (id <= after) changed.add(id)
  }
  const older = reader.many([...changed])
  const room = limit - changed.size
  if (room <= 0 || view.lastId <= after) return { trials: older, cursor: { epoch, after, at } }
  const newer = reader.after(view.id, after, room)
  after = newer.trials.length < room ? view.lastId : (newer.last ?? view.lastId)
  return { trials: older.length > 0 ? [...older, ...newer.trials] : newer.trials, cursor: { epoch, after, at } }
}
