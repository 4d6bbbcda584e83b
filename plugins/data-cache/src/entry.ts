import type { LoadKind } from '@rxtuna/core/cache'
import type { StoredGroups } from './grouped-data.ts'

/** Grouped data as it is kept, with what tells how it came about. */
export interface Entry {
  readonly key: string
  /** Of this entry alone, because another one may come under its key. */
  readonly id: number
  readonly dataset: string
  readonly version: string
  readonly data: StoredGroups
  readonly sum: string
  readonly kind: LoadKind
  /** What it was derived from, whose memory it needs. */
  readonly source?: Entry
  /** Keys of what was derived from it. */
  readonly derived: Set<string>
}
