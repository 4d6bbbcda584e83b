import type { CacheStats, ObservedCache, Plugin } from '@rxtuna/core'
import { CacheMeter, SingleFlight, Wraps } from '@rxtuna/core/cache'

export interface Squares extends ObservedCache {
  get(n: number): Promise<number>
}

/** A cache of squares, made of the parts that every cache is made of. Each load is entered as one of a second and 8 bytes. */
export function openSquares({ name = 'squares', tier, load = async (n: number) => n * n }: SquaresOptions = {}): Squares {
  const meter = new CacheMeter()
  const flights = new SingleFlight<number>(() => meter.join())
  const wraps = new Wraps()
  const kept = new Map<string, number>()
  const kind = meter.kind('square')
  return {
    name,
    events: meter.events,
    stats: (): CacheStats => meter.stats({ entries: kept.size, bytes: kept.size * 8 }),
    clear() {
      kept.clear()
      meter.reset()
    },
    around: wrap => wraps.add(wrap),
    async get(n) {
      const key = String(n)
      const known = kept.get(key)
      if (known !== undefined) {
        meter.hit(key, kind, tier)
        return known
      }
      return flights.run(key, async () => {
        meter.miss(key)
        const value = await wraps.run(key, () => load(n))
        meter.loaded(key, kind, 1000, 8)
        kept.set(key, value)
        return value
      })
    }
  }
}

interface SquaresOptions {
  readonly name?: string
  readonly tier?: string
  readonly load?: (n: number) => Promise<number>
}

/** Lends a cache to a study, as the plugins of caches do. */
export function lend(cache: ObservedCache): Plugin {
  return { name: `lend ${cache.name}`, install: study => study.caches.add(cache) }
}
