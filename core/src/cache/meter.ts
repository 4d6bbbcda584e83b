import { EventEmitter } from 'eventemitter3'
import type { CacheEvents, CacheStats } from '../cache.ts'

/** The ledger of one kind of load: how often it was avoided, and how long it takes. */
export interface LoadKind {
  hits: number
  loads: number
  /** Milliseconds of the first load, which is cold. */
  first: number
  /** Milliseconds of the latest repeated loads, at most 63. */
  readonly repeated: number[]
}

const kept = 63

/**
 * What a cache counts, and its events. A hit costs one counter of its kind; an event is built only when somebody listens.
 * Saved time is hits times the median of repeated loads of the kind: a kind that was loaded once only counts its cold load, and says so.
 */
export class CacheMeter {
  readonly events: EventEmitter<CacheEvents> = new EventEmitter<CacheEvents>()
  readonly #kinds = new Map<string, LoadKind>()
  readonly #tiers: Record<string, number> = {}
  #misses = 0
  #joined = 0
  #evictions = 0
  #stale = 0

  /** The ledger of a kind of load, which hot paths keep. */
  kind(name: string): LoadKind {
    let kind = this.#kinds.get(name)
    if (!kind) {
      kind = { hits: 0, loads: 0, first: 0, repeated: [] }
      this.#kinds.set(name, kind)
    }
    return kind
  }

  hit(key: string, kind: LoadKind, tier?: string): void {
    kind.hits++
    if (tier !== undefined) this.#tiers[tier] = (this.#tiers[tier] ?? 0) + 1
    if (this.events.listenerCount('hit') > 0) this.events.emit('hit', tier === undefined ? { key } : { key, tier })
  }

  miss(key: string): void {
    this.#misses++
    if (this.events.listenerCount('miss') > 0) this.events.emit('miss', { key })
  }

  /** A caller that waits for a load already under way. */
  join(): void {
    this.#joined++
  }

  loaded(key: string, kind: LoadKind, ms: number, bytes: number): void {
    if (kind.loads++ === 0) kind.first = ms
    else if (kind.repeated.push(ms) > kept) kind.repeated.shift()
    if (this.events.listenerCount('load') > 0) this.events.emit('load', { key, ms, bytes })
  }

  evicted(key: string, reason: Parameters<CacheEvents['evict']>[0]['reason']): void {
    this.#evictions++
    if (this.events.listenerCount('evict') > 0) this.events.emit('evict', { key, reason })
  }

  /** What a value past its time answered, besides being a hit or a miss. */
  stale(key: string, ageMs: number, error?: unknown): void {
    this.#stale++
    if (this.events.listenerCount('stale') > 0) this.events.emit('stale', error === undefined ? { key, ageMs } : { key, ageMs, error })
  }

  invalidated(key: string, reason: Parameters<CacheEvents['invalidate']>[0]['reason']): void {
    if (this.events.listenerCount('invalidate') > 0) this.events.emit('invalidate', { key, reason })
  }

  /** The statistics, with what only the cache itself knows. */
  stats(size: Pick<CacheStats, 'entries' | 'bytes' | 'maxBytes' | 'maxEntries'>): CacheStats {
    let hits = 0
    let savedMs = 0
    let estimated = false
    for (const kind of this.#kinds.values()) {
      hits += kind.hits
      if (kind.hits === 0) continue
      savedMs += kind.hits * (kind.repeated.length > 0 ? median(kind.repeated) : kind.first)
      if (kind.repeated.length === 0) estimated = true
    }
    const tiers = Object.keys(this.#tiers).length > 0 ? { tiers: { ...this.#tiers } } : {}
    return {
      hits,
      misses: this.#misses,
      joined: this.#joined,
      evictions: this.#evictions,
      ...(this.#stale > 0 ? { stale: this.#stale } : {}),
      savedMs,
      ...(estimated ? { savedEstimated: true } : {}),
      ...tiers,
      ...size
    }
  }

  /** Starts counting anew; what is known of load times stays. */
  reset(): void {
    this.#misses = this.#joined = this.#evictions = this.#stale = 0
    for (const kind of this.#kinds.values()) kind.hits = 0
    for (const tier in this.#tiers) delete this.#tiers[tier]
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2
}
