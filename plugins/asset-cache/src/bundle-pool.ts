import type { CacheStats, ObservedCache } from '@rxtuna/core'
import { abortable, assertKnown, CacheMeter, Changed, type LoadKind, SingleFlight, unchanged, Wraps } from '@rxtuna/core/cache'
import { LRUCache } from 'lru-cache'
import { problem, sentence } from './errors.ts'
import { checkEntries, checkName, checkVersion } from './options.ts'

export interface BundlePoolOptions<B extends AsyncDisposable> {
  /** Opens a bundle. The signal aborts when nobody waits for it any more; what is opened all the same is closed at once. */
  readonly open: (name: string, signal: AbortSignal) => Promise<B>
  /** The bundle's version, asked at every `acquire`: it must be far cheaper than `open`. */
  readonly version: (name: string) => Promise<string>
  /** Bundles kept open at most, lent ones included; the least recently used go first. Default 100. */
  readonly maxEntries?: number
  /** False: a bundle closes when its last borrower has given it back. Default true. */
  readonly enabled?: boolean
  /** The pool's name in statistics and traces. Default `bundle-pool`. */
  readonly name?: string
}

/** A borrowed bundle. Disposing of it gives it back, once; do not close the bundle itself. */
export interface BundleLease<B> extends AsyncDisposable {
  readonly bundle: B
}

/**
 * Opens each bundle once per version and lends it to many. A bundle that was evicted, outdated or cleared closes when its last borrower has given it back.
 * Closing the pool closes what is idle and resolves; what is lent then closes when it comes back. It rejects if bundles threw while they closed.
 */
export interface BundlePool<B> extends ObservedCache, AsyncDisposable {
  /** Borrows the bundle in its present version. Rejects when the version or the bundle cannot be had, or with the signal's reason. */
  acquire(name: string, options?: { readonly signal?: AbortSignal }): Promise<BundleLease<B>>
  /** Lets go of this bundle, whatever its version says: closes it when nobody has it, and opens it anew for the next caller. */
  invalidate(name: string): Promise<void>
  /** Lets go of all bundles in the same way; the statistics start anew. */
  clear(): Promise<void>
  /** Sets how many bundles are kept open at most, from now on. */
  resize(maxEntries: number): Promise<void>
}

export function openBundlePool<B extends AsyncDisposable>(options: BundlePoolOptions<B>): BundlePool<B> {
  assertKnown('openBundlePool', options, ['open', 'version', 'maxEntries', 'enabled', 'name'])
  if (typeof options.open !== 'function' || typeof options.version !== 'function') throw problem('POOL_SHAPE', options)
  return new Pool(options)
}

/** One bundle of one version: waited for, open, lent, or on its way out. */
interface Slot<B> {
  readonly key: string
  readonly name: string
  readonly version: string
  readonly kind: LoadKind
  /** Its own, because a bundle that was invalidated while it opened is opened anew beside it. */
  readonly flight: string
  bundle?: B
  /** Callers that wait for it or have it. */
  claims: number
  /** Which `acquire` asked for it last, so that an older version that opens late does not replace a newer one. */
  asked: number
  /** Whether the pool keeps it when nobody has it. */
  kept: boolean
  /** Never kept again. */
  invalid: boolean
}

class Pool<B extends AsyncDisposable> implements BundlePool<B> {
  readonly name: string
  readonly #options: BundlePoolOptions<B>
  #maxEntries: number
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  readonly #flights = new SingleFlight<void>(() => this.#meter.join())
  readonly #slots = new Map<string, Slot<B>>()
  #kept: LRUCache<string, Slot<B>>
  /** The key that is kept of each name. */
  readonly #current = new Map<string, string>()
  readonly #closings = new Set<Promise<void>>()
  readonly #failures: unknown[] = []
  #acquired = 0
  #flown = 0
  #closed = false

  constructor(options: BundlePoolOptions<B>) {
    this.name = options.name ?? 'bundle-pool'
    this.#options = options
    this.#maxEntries = checkEntries(options.maxEntries ?? 100)
    this.#kept = this.#keeping(this.#maxEntries)
  }

  #keeping(max: number): LRUCache<string, Slot<B>> {
    return new LRUCache<string, Slot<B>>({
      max,
      dispose: (slot, key, reason) => {
        if (reason === 'set') return
        slot.kept = false
        if (this.#current.get(slot.name) === key) this.#current.delete(slot.name)
        if (reason === 'evict') this.#meter.evicted(key, 'count')
        void this.#settle(slot)
      }
    })
  }

  get events(): ObservedCache['events'] {
    return this.#meter.events
  }

  async acquire(name: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<BundleLease<B>> {
    checkName(name)
    const acquire = async (): Promise<BundleLease<B>> => {
      this.#assertOpen()
      signal?.throwIfAborted()
      const version = checkVersion(name, await abortable(this.#options.version(name), signal))
      this.#assertOpen()
      return this.#acquire(name, version, signal)
    }
    return unchanged(acquire, opened => problem('BUNDLE_CHANGES', name, opened))
  }

  async #acquire(name: string, version: string, signal: AbortSignal | undefined): Promise<BundleLease<B>> {
    const key = JSON.stringify([name, version])
    this.#outdate(name, key)
    const slot = this.#slot(name, version, key)
    slot.claims++
    slot.asked = ++this.#acquired
    try {
      if (slot.bundle !== undefined) {
        this.#meter.hit(key, slot.kind)
        this.#keep(slot)
      } else await this.#flights.run(slot.flight, alive => this.#open(slot, alive), signal)
    } catch (error) {
      slot.claims--
      await this.#settle(slot)
      throw error
    }
    return this.#lease(slot)
  }

  stats(): CacheStats {
    return this.#meter.stats({ entries: this.#kept.size, bytes: 0, maxEntries: this.#maxEntries })
  }

  async invalidate(name: string): Promise<void> {
    for (const slot of [...this.#slots.values()]) if (slot.name === name) this.#invalidate(slot)
    await Promise.all(this.#closings)
  }

  async clear(): Promise<void> {
    for (const slot of [...this.#slots.values()]) this.#invalidate(slot)
    this.#meter.reset()
    await Promise.all(this.#closings)
  }

  async resize(maxEntries: number): Promise<void> {
    this.#maxEntries = checkEntries(maxEntries)
    while (this.#kept.size > maxEntries) this.#kept.pop()
    const kept = this.#kept
    this.#kept = this.#keeping(maxEntries)
    kept.rforEach((slot, key) => void this.#kept.set(key, slot))
    await Promise.all(this.#closings)
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#flights.abort(problem('ASSET_CACHE_CLOSED', this.name))
    this.#kept.clear()
    await Promise.all(this.#closings)
    if (this.#failures.length > 0) throw new AggregateError(this.#failures, sentence('POOL_CLOSE', this.#failures.length))
  }

  #assertOpen(): void {
    if (this.#closed) throw problem('ASSET_CACHE_CLOSED', this.name)
  }

  /** Lets go of the version that was kept of this name, if it is another one. */
  #outdate(name: string, key: string): void {
    const before = this.#current.get(name)
    if (before === undefined || before === key) return
    this.#meter.invalidated(before, 'version')
    this.#meter.evicted(before, 'version')
    this.#kept.delete(before)
  }

  #slot(name: string, version: string, key: string): Slot<B> {
    let slot = this.#slots.get(key)
    if (!slot) {
      const flight = `${++this.#flown} ${key}`
      slot = { key, name, version, kind: this.#meter.kind(name), flight, claims: 0, asked: 0, kept: false, invalid: false }
      this.#slots.set(key, slot)
    }
    return slot
  }

  #invalidate(slot: Slot<B>): void {
    this.#meter.invalidated(slot.key, 'manual')
    slot.invalid = true
    // Whoever asks from now on gets another slot.
    this.#slots.delete(slot.key)
    if (slot.kept) this.#kept.delete(slot.key)
  }

  async #open(slot: Slot<B>, signal: AbortSignal): Promise<void> {
    this.#meter.miss(slot.key)
    const start = performance.now()
    const bundle = await this.#wraps.run(slot.key, async () => this.#options.open(slot.name, signal))
    if (typeof bundle?.[Symbol.asyncDispose] !== 'function') throw problem('BUNDLE_DISPOSE', slot.name, bundle)
    try {
      signal.throwIfAborted()
      // What was opened while the bundle changed may be either version's.
      if ((await this.#options.version(slot.name)) !== slot.version) throw new Changed()
      signal.throwIfAborted()
    } catch (error) {
      await this.#close(bundle)
      throw error
    }
    this.#meter.loaded(slot.key, slot.kind, performance.now() - start, 0)
    slot.bundle = bundle
    this.#keep(slot)
  }

  #keep(slot: Slot<B>): void {
    const current = this.#slots.get(this.#current.get(slot.name) ?? '')
    if (slot.invalid || this.#closed || this.#options.enabled === false || (current && current.asked > slot.asked)) return
    this.#outdate(slot.name, slot.key)
    slot.kept = true
    this.#current.set(slot.name, slot.key)
    this.#kept.set(slot.key, slot)
  }

  #lease(slot: Slot<B>): BundleLease<B> {
    let lent = true
    return {
      // The slot was opened by whoever holds a claim on it, and closes only without claims.
      bundle: slot.bundle as B,
      [Symbol.asyncDispose]: async () => {
        if (!lent) return
        lent = false
        slot.claims--
        await this.#settle(slot)
      }
    }
  }

  /** Forgets a slot that nobody claims and the pool does not keep, and closes its bundle. */
  async #settle(slot: Slot<B>): Promise<void> {
    if (slot.claims > 0 || slot.kept) return
    if (this.#slots.get(slot.key) === slot) this.#slots.delete(slot.key)
    const { bundle } = slot
    if (bundle === undefined) return
    delete slot.bundle
    await this.#close(bundle)
  }

  /** Whoever causes a bundle to close is not to blame for how it ends: errors are kept for who closes the pool. */
  async #close(bundle: B): Promise<void> {
    const closing = (async () => bundle[Symbol.asyncDispose]())().catch(error => void this.#failures.push(error))
    this.#closings.add(closing)
    await closing
    this.#closings.delete(closing)
  }
}
