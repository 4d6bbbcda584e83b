import type { ObservedCache } from '@rxtuna/core'
import { CacheMeter, Wraps } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import type { BacktestLink, CacheEntry, RegisteredDataset } from './catalog.ts'
import type { Dataset } from './datasets.ts'
import { failure } from './errors.ts'
import { checkKey, identifier, loadKind, type TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import { OpenWork } from './open-work.ts'
import { checkBacktest, checkClear, checkDataset, checkLimits, checkLinks, type Limits, type TieredCacheOptions } from './options.ts'
import { asTable, type Loaded, tableBytes } from './table.ts'
import type { CacheStatistics, GetOptions, TieredCache, TieredCacheStats } from './tiered-cache.ts'
import type { Link } from './uses.ts'
import type { Verified } from './verify.ts'
import { unless } from './waiting.ts'
import type { Warmed, WarmOptions } from './warm.ts'

/** A cache that is switched off: every call loads, nothing is kept, and no file is touched. */
export class SwitchedOff implements TieredCache {
  readonly name: string
  readonly events: ObservedCache['events']
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  readonly #open = new OpenWork()
  readonly #identify: ReturnType<typeof identifier>

  constructor({ name = 'tiered-cache', keyOf }: TieredCacheOptions) {
    this.name = name
    this.events = this.#meter.events
    this.#identify = identifier(keyOf)
  }

  stats(): TieredCacheStats {
    return { ...this.#meter.stats({ entries: 0, bytes: 0, maxBytes: 0 }), hot: { entries: 0, bytes: 0, maxBytes: 0, evictions: 0 } }
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  key(request: TableRequest): string {
    return this.#identify(request).key
  }

  async get(key: string): Promise<undefined> {
    this.#assertOpen()
    checkKey(key)
    this.#meter.miss(key)
  }

  async put(request: TableRequest, table: Loaded, { backtestId }: GetOptions = {}): Promise<void> {
    this.#assertOpen()
    checkBacktest(backtestId)
    this.#identify(request)
    await asTable(table)
  }

  async getOrLoad(
    request: TableRequest,
    load: (signal: AbortSignal) => Loaded | Promise<Loaded>,
    { signal, backtestId }: GetOptions = {}
  ): Promise<Table> {
    this.#assertOpen()
    signal?.throwIfAborted()
    checkBacktest(backtestId)
    if (typeof load !== 'function') throw failure('TIERED_LOAD', [load])
    const { key } = this.#identify(request)
    this.#meter.miss(key)
    const either = signal ? AbortSignal.any([signal, this.#open.signal]) : this.#open.signal
    const start = performance.now()
    const loaded = await this.#open.track(
      unless(
        either,
        this.#wraps.run(key, async () => load(either))
      )
    )
    const table = await asTable(loaded)
    this.#meter.loaded(key, this.#meter.kind(loadKind(request)), performance.now() - start, tableBytes(table))
    return table
  }

  async warm(
    requests: readonly TableRequest[],
    _load: (request: TableRequest, signal: AbortSignal) => Loaded | Promise<Loaded>,
    _options: WarmOptions = {}
  ): Promise<Warmed> {
    this.#assertOpen()
    // What is not kept is not worth loading.
    for (const request of requests) this.#identify(request)
    return { loaded: 0, found: 0, failed: [] }
  }

  async entries(): Promise<readonly CacheEntry[]> {
    this.#assertOpen()
    return []
  }

  async lookup(key: string): Promise<undefined> {
    this.#assertOpen()
    checkKey(key)
  }

  async links(key: string): Promise<readonly BacktestLink[]> {
    this.#assertOpen()
    checkKey(key)
    return []
  }

  async backtests(key: string): Promise<readonly string[]> {
    await this.links(key)
    return []
  }

  async statistics(): Promise<CacheStatistics> {
    this.#assertOpen()
    const { hits, misses, joined } = this.stats()
    const session = { hits, misses, joined, hotHits: 0, coldHits: 0 }
    return { hits, misses, hitRate: 0, entries: 0, totalBytes: 0, averageAccessCount: 0, days: [], session }
  }

  async registerDataset(dataset: Dataset): Promise<number> {
    this.#assertOpen()
    checkDataset(dataset)
    return 0
  }

  async datasets(): Promise<readonly RegisteredDataset[]> {
    this.#assertOpen()
    return []
  }

  async advise(): Promise<readonly string[]> {
    this.#assertOpen()
    return ['The cache is switched off: every call loads. Set `enabled: true`.']
  }

  async evict(): Promise<readonly string[]> {
    this.#assertOpen()
    return []
  }

  async verify(): Promise<Verified> {
    this.#assertOpen()
    return { files: 0, bytes: 0, damaged: [] }
  }

  async clear(what?: ClearWhat): Promise<void> {
    this.#assertOpen()
    checkClear(what)
    this.#meter.reset()
  }

  async resize(limits: Limits): Promise<void> {
    this.#assertOpen()
    checkLimits(limits)
  }

  collectUses<T>(_keys: Set<string>, work: () => T): T {
    return work()
  }

  async link(links: readonly Link[]): Promise<void> {
    this.#assertOpen()
    checkLinks(links)
  }

  async flush(): Promise<void> {}

  async recordDailyStatistics(): Promise<void> {
    this.#assertOpen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open.closed) await this.#open.close(failure('TIERED_CLOSED', []))
  }

  #assertOpen(): void {
    if (this.#open.closed) throw failure('TIERED_CLOSED', [])
  }
}
