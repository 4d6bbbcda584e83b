import type { CacheStats } from '@rxtuna/core'
import { type Counts, midnight } from './daily-counts.ts'
import type { Disk } from './disk.ts'
import { failure } from './errors.ts'
import type { CacheStatistics } from './tiered-cache.ts'

/** What this process has counted, and what of it is in no day yet. */
export interface SessionCounts {
  readonly stats: CacheStats
  readonly unrecorded: Counts
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The statistics of a period; this process's unrecorded counts are of today. Throws `TIERED_DATE`. */
export async function statisticsOf(
  disk: Disk,
  { stats, unrecorded, now }: SessionCounts,
  { from, to }: { readonly from?: Date; readonly to?: Date }
): Promise<CacheStatistics> {
  const first = from ? midnightOf('from', from) : Number.NEGATIVE_INFINITY
  const last = to ? midnightOf('to', to) : Number.POSITIVE_INFINITY
  const { days, averageAccessCount } = await disk.ask(async catalog => ({
    days: await catalog.days(first, last),
    averageAccessCount: await catalog.averageAccessCount()
  }))
  const today = midnight(now)
  const counted = [...days, ...(first <= today && today <= last ? [unrecorded] : [])]
  const hits = counted.reduce((sum, day) => sum + day.hits, 0)
  const misses = counted.reduce((sum, day) => sum + day.misses, 0)
  const { tiers = {} } = stats
  return {
    ...{ hits, misses, hitRate: hits + misses > 0 ? hits / (hits + misses) : 0 },
    ...{ entries: stats.entries, totalBytes: stats.bytes, averageAccessCount, days },
    session: { hits: stats.hits, misses: stats.misses, joined: stats.joined, hotHits: tiers.hot ?? 0, coldHits: tiers.cold ?? 0 }
  }
}

function midnightOf(name: string, date: Date): number {
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) throw failure('TIERED_DATE', [name, date])
  return midnight(date.getTime())
}
