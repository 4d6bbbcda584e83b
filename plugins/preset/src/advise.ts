import type { CacheStats } from '@rxtuna/core'
import { presetError } from './errors.ts'

/** Shares of hits from which on a cache is excellent, and below which something is wrong; lists of assets are loaded less often than data is used. */
const rates = { bytes: { excellent: 0.9, poor: 0.7 }, entries: { excellent: 0.8, poor: 0.5 } } as const
const fewCalls = 10

/**
 * What a cache's statistics say, in sentences: how well it is hit, how full it is, and what to change. Hit rates and limits are judged by whether the cache is
 * bounded by bytes, as the data cache and stages are, or by entries, as asset lists and bundles are. Nothing is said of a cache that nobody has asked.
 */
export function advise(stats: CacheStats): readonly string[] {
  const { hits, misses, tiers } = stats ?? {}
  if (typeof hits !== 'number' || typeof misses !== 'number') throw presetError('ADVISE_STATS')
  const calls = hits + misses
  if (calls === 0) return []
  const limit = stats.maxBytes === undefined ? 'entries' : 'bytes'
  const used = limit === 'bytes' ? stats.bytes / (stats.maxBytes as number) : stats.entries / (stats.maxEntries ?? Number.POSITIVE_INFINITY)
  if (calls < fewCalls) return [`${hits} of ${calls} calls were hits: too few to judge.`]
  return [tiers ? aboutTiers(stats, tiers) : aboutHits(stats, limit), aboutRoom(stats, limit, used)]
}

/** Of steps, the last of which must miss for each new setting, and of tiers, the first of which is asked first, no one rate says whether they do well. */
function aboutTiers({ hits, misses }: CacheStats, tiers: Readonly<Record<string, number>>): string {
  const each = Object.entries(tiers).map(([name, count]) => `${name} ${count.toLocaleString('en')}`)
  return `${percent(hits / (hits + misses))} of ${(hits + misses).toLocaleString('en')} calls were hits: ${each.join(', ')}.`
}

function aboutHits({ hits, misses, evictions }: CacheStats, limit: keyof typeof rates): string {
  const rate = hits / (hits + misses)
  const { excellent, poor } = rates[limit]
  const said = `${percent(rate)} of ${(hits + misses).toLocaleString('en')} calls were hits`
  if (rate > excellent) return `${said}: excellent.`
  if (rate >= poor) return `${said}: good.`
  if (evictions > 0)
    return `${said}: poor, with ${evictions.toLocaleString('en')} evictions. ${limit === 'bytes' ? 'Raise `maxBytes`, or ask for fewer columns' : 'Raise `maxEntries`'}.`
  return `${said}: poor, though nothing was evicted. Does the version change between calls, or does each call ask for something else?`
}

function aboutRoom({ hits, misses }: CacheStats, limit: keyof typeof rates, used: number): string {
  const name = limit === 'bytes' ? '`maxBytes`' : '`maxEntries`'
  const said = `${percent(used)} of ${name} is used`
  if (used < 0.5) return `${said}: it could be lower.`
  if (used <= 0.9) return `${said}: healthy.`
  return hits / (hits + misses) > rates[limit].excellent
    ? `${said}: full, and it does no harm.`
    : `${said}: full. A higher limit may bring more hits.`
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`
}
