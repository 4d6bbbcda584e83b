import type { EventEmitter } from 'eventemitter3'

/** What a cache has done since it was opened or cleared. */
export interface CacheStats {
  readonly hits: number
  readonly misses: number
  /** Callers that waited for a load already under way: neither hit nor miss. */
  readonly joined: number
  /** Hits by tier, for caches with several. */
  readonly tiers?: Readonly<Record<string, number>>
  readonly evictions: number
  /** Hits and misses that were answered with a value past its time, by caches that do. */
  readonly stale?: number
  readonly entries: number
  readonly bytes: number
  readonly maxBytes?: number
  readonly maxEntries?: number
  /** Milliseconds of loading that hits made unnecessary: hits times the running median of repeated loads of that kind. */
  readonly savedMs: number
  /** True while `savedMs` rests on a single load of some kind, which overstates: the first one is cold. */
  readonly savedEstimated?: boolean
}
export interface CacheEvents {
  hit: (event: { readonly key: string; readonly tier?: string }) => void
  miss: (event: { readonly key: string }) => void
  load: (event: { readonly key: string; readonly ms: number; readonly bytes: number }) => void
  evict: (event: { readonly key: string; readonly reason: 'size' | 'count' | 'age' | 'version' }) => void
  invalidate: (event: { readonly key: string; readonly reason: 'version' | 'checksum' | 'missing' | 'manual' | 'written' }) => void
  /** A value past its time was handed out, `ageMs` after it was loaded: while it is loaded anew, or because its source failed with `error`. */
  stale: (event: { readonly key: string; readonly ageMs: number; readonly error?: unknown }) => void
  /** What the cache could not do for itself, such as keep a table on a full disk: whoever asked was served all the same. */
  fail: (event: { readonly key?: string; readonly error: Error }) => void
}
/** The contract of every cache. A hit costs one counter; an event object is built only when somebody listens. */
export interface ObservedCache {
  readonly name: string
  readonly events: EventEmitter<CacheEvents>
  stats(): CacheStats
  clear(): void | Promise<void>
  /** Wraps each load, so that tracing can put its context around it. Wraps nest, the latest outermost; disposing takes one away. */
  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable
}
