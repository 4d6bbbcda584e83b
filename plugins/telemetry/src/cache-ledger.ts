import { diag } from '@opentelemetry/api'
import type { CacheStats, ObservedCache } from '@rxtuna/core'

/** What caches of one name have done since the process began. */
export interface CacheTotals {
  /** Hits without a tier. */
  untiered: number
  readonly tiers: Map<string, number>
  misses: number
  joined: number
  evictions: number
  savedMs: number
  /** Of the caches that are lent to an open study now. */
  entries: number
  bytes: number
}
type Seen = Pick<CacheStats, 'hits' | 'misses' | 'joined' | 'evictions' | 'savedMs' | 'tiers'>

const nothing: Seen = { hits: 0, misses: 0, joined: 0, evictions: 0, savedMs: 0 }

/**
 * Totals by cache name that only grow, though caches are lent to several studies, are cleared, and close. A cache counts once, however many
 * studies it is lent to; caches of the same name are added up.
 */
export class CacheLedger {
  readonly #uses = new Map<ObservedCache, number>()
  readonly #seen = new WeakMap<ObservedCache, Seen>()
  readonly #totals = new Map<string, CacheTotals>()

  /** The cache was lent to a study. */
  watch(cache: ObservedCache): void {
    this.#uses.set(cache, (this.#uses.get(cache) ?? 0) + 1)
  }

  /** A study gave the cache back: what it has done so far stays counted. */
  release(cache: ObservedCache): void {
    const uses = this.#uses.get(cache) ?? 0
    if (uses > 1) {
      this.#uses.set(cache, uses - 1)
      return
    }
    this.#read(cache)
    this.#uses.delete(cache)
  }

  /** Reads every cache that is lent, and returns the totals by name. */
  collect(): ReadonlyMap<string, CacheTotals> {
    for (const totals of this.#totals.values()) totals.entries = totals.bytes = 0
    for (const cache of this.#uses.keys()) {
      const stats = this.#read(cache)
      if (!stats) continue
      const totals = this.#of(cache.name)
      totals.entries += stats.entries
      totals.bytes += stats.bytes
    }
    return this.#totals
  }

  /** Adds what the cache has done since the last time. */
  #read(cache: ObservedCache): CacheStats | undefined {
    let now: CacheStats
    try {
      now = cache.stats()
    } catch (error) {
      // The other caches are counted all the same.
      diag.error(`rxtuna: the cache "${cache.name}" threw in stats()`, error)
      return undefined
    }
    const before = this.#seen.get(cache) ?? nothing
    // A cache that was cleared counts from zero again.
    const since =
      now.hits < before.hits || now.misses < before.misses || now.joined < before.joined || now.evictions < before.evictions
        ? nothing
        : before
    this.#seen.set(cache, now)
    const totals = this.#of(cache.name)
    let untiered = now.hits - since.hits
    for (const tier in now.tiers) {
      const hits = (now.tiers[tier] ?? 0) - (since.tiers?.[tier] ?? 0)
      totals.tiers.set(tier, (totals.tiers.get(tier) ?? 0) + hits)
      untiered -= hits
    }
    totals.untiered += untiered
    totals.misses += now.misses - since.misses
    totals.joined += now.joined - since.joined
    totals.evictions += now.evictions - since.evictions
    totals.savedMs += now.savedMs - since.savedMs
    return now
  }

  #of(name: string): CacheTotals {
    let totals = this.#totals.get(name)
    if (!totals) {
      totals = { untiered: 0, tiers: new Map(), misses: 0, joined: 0, evictions: 0, savedMs: 0, entries: 0, bytes: 0 }
      this.#totals.set(name, totals)
    }
    return totals
  }
}
