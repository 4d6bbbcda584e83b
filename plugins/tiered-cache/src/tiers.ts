import { AsyncLocalStorage } from 'node:async_hooks'
import type { ObservedCache } from '@rxtuna/core'
import { assertKnown, CacheMeter, SingleFlight, Wraps } from '@rxtuna/core/cache'
import { openWorker } from '@rxtuna/core/node'
import type { Table } from 'apache-arrow'
import { advise } from './advice.ts'
import type { BacktestLink, CacheEntry, RegisteredDataset } from './catalog.ts'
import { DailyCounts } from './daily-counts.ts'
import type { Dataset } from './datasets.ts'
import type { Disk } from './disk.ts'
import { failure } from './errors.ts'
import { Finder } from './finder.ts'
import { freshness as policies } from './freshness.ts'
import { type HotEntry, HotTier } from './hot-tier.ts'
import { checkKey, type Identity, identifier, type TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import { openDisk } from './open-disk.ts'
import { OpenWork } from './open-work.ts'
import { checkBacktest, checkClear, checkDataset, checkLimits, checkLinks, type Limits, type TieredCacheOptions } from './options.ts'
import { Reports } from './reports.ts'
import { statisticsOf } from './statistics.ts'
import { asTable, type Loaded } from './table.ts'
import type { CacheStatistics, GetOptions, TableLink, TieredCache, TieredCacheStats, VerifyOptions } from './tiered-cache.ts'
import type { Link } from './uses.ts'
import type { Verified } from './verify.ts'
import { type Warmed, type WarmOptions, warm } from './warm.ts'

/** The tiers put together: memory, then the disk, then the source. */
export class Tiers implements TieredCache {
  readonly name: string
  readonly events: ObservedCache['events']
  readonly #clock: () => number
  readonly #identify: (request: TableRequest) => Identity
  readonly #meter = new CacheMeter()
  readonly #hot: HotTier
  readonly #wraps = new Wraps()
  readonly #finds = new SingleFlight<HotEntry>(() => this.#meter.join())
  readonly #reads = new SingleFlight<HotEntry | undefined>(() => this.#meter.join())
  readonly #users = new AsyncLocalStorage<Set<string>>()
  readonly #worker = openWorker()
  readonly #open = new OpenWork()
  readonly #reports: Reports
  readonly #counts = new DailyCounts(() => this.#meter.stats({ entries: 0, bytes: 0 }))
  // Set by `open`, before anybody else can hold this object.
  #disk!: Disk
  #finder!: Finder

  private constructor(options: TieredCacheOptions) {
    this.name = options.name ?? 'tiered-cache'
    this.#clock = options.clock ?? Date.now
    this.#identify = identifier(options.keyOf)
    this.#hot = new HotTier(options.hotBytes ?? 1024 ** 3)
    this.events = this.#meter.events
    this.#reports = new Reports(this.events)
  }

  static async open(options: TieredCacheOptions): Promise<Tiers> {
    const tiers = new Tiers(options)
    const report = (error: Error, key?: string): void => tiers.#reports.add(error, key)
    tiers.#disk = await openDisk(options, {
      worker: tiers.#worker.worker,
      clock: tiers.#clock,
      report,
      evicted: removed => {
        for (const { key } of removed) tiers.#forget(key, () => tiers.#meter.evicted(key, 'size'))
      },
      invalidated: (key, reason) => tiers.#forget(key, () => tiers.#meter.invalidated(key, reason))
    })
    const { freshness = policies.neverStale, revalidateMs = 0, graceMs = Number.POSITIVE_INFINITY, pollMs = 25 } = options
    tiers.#finder = new Finder({
      ...{ hot: tiers.#hot, disk: tiers.#disk, meter: tiers.#meter, wraps: tiers.#wraps, clock: tiers.#clock },
      ...{ freshness, revalidateMs, graceMs, pollMs, report, open: tiers.#open }
    })
    return tiers
  }

  stats(): TieredCacheStats {
    const maxBytes = this.#disk.maxBytes
    return { ...this.#meter.stats({ ...this.#disk.totals(), maxBytes }), hot: this.#hot.size }
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  key(request: TableRequest): string {
    return this.#identify(request).key
  }

  async get(key: string): Promise<Table | undefined> {
    this.#enter()
    const hot = this.#hot.get(key)
    if (hot && this.#finder.isFresh(hot)) return this.#hit(key, hot)
    checkKey(key)
    const users = this.#users.getStore()
    const entry = await this.#reads.run(key, () => this.#open.track(this.#finder.get(key)))
    if (entry) users?.add(key)
    return entry?.table
  }

  async put(request: TableRequest, table: Loaded, link: TableLink = {}): Promise<void> {
    this.#enter()
    checkBacktest(link.backtestId)
    const identity = this.#identify(request)
    this.#users.getStore()?.add(identity.key)
    await this.#open.track(asTable(table).then(given => this.#finder.put(identity, request, given, link)))
  }

  async getOrLoad(
    request: TableRequest,
    load: (signal: AbortSignal) => Loaded | Promise<Loaded>,
    options: GetOptions = {}
  ): Promise<Table> {
    return this.#get(request, load, options, false)
  }

  async warm(
    requests: readonly TableRequest[],
    load: (request: TableRequest, signal: AbortSignal) => Loaded | Promise<Loaded>,
    options: WarmOptions = {}
  ): Promise<Warmed> {
    this.#enter()
    return warm((request, one, each) => this.#get(request, one, each, true), requests, load, options)
  }

  async lookup(key: string): Promise<CacheEntry | undefined> {
    checkKey(key)
    return this.#ask(() => this.#disk.ask(catalog => catalog.lookup(key)))
  }

  async links(key: string): Promise<readonly BacktestLink[]> {
    checkKey(key)
    return this.#ask(() => this.#disk.ask(catalog => catalog.links(key)))
  }

  async backtests(key: string): Promise<readonly string[]> {
    return (await this.links(key)).map(({ backtestId }) => backtestId)
  }

  async statistics(period: { readonly from?: Date; readonly to?: Date } = {}): Promise<CacheStatistics> {
    assertKnown('statistics', period, ['from', 'to'])
    return this.#ask(() =>
      statisticsOf(
        this.#disk,
        { stats: this.#meter.stats(this.#disk.totals()), unrecorded: this.#counts.peek(), now: this.#clock() },
        period
      )
    )
  }

  async recordDailyStatistics(): Promise<void> {
    this.#enter()
    const counts = this.#counts.take()
    if (!(await this.#open.track(this.#disk.record(counts.hits, counts.misses)))) this.#counts.giveBack(counts)
  }

  async registerDataset(dataset: Dataset): Promise<number> {
    checkDataset(dataset)
    const { source, resolution, schemaVersion = 1 } = dataset
    return this.#ask(() => this.#disk.ask(catalog => catalog.registerDataset({ source, resolution, schemaVersion }, this.#clock() / 1000)))
  }

  datasets(): Promise<readonly RegisteredDataset[]> {
    return this.#ask(() => this.#disk.ask(catalog => catalog.datasets()))
  }

  advise(): Promise<readonly string[]> {
    return this.#ask(async () =>
      advise({ ...this.stats(), eviction: this.#disk.eviction, problem: this.#disk.problem, tooLarge: this.#disk.tooLarge })
    )
  }

  entries(): Promise<readonly CacheEntry[]> {
    return this.#ask(() => this.#disk.ask(catalog => catalog.entries()))
  }

  async clear(what?: ClearWhat): Promise<void> {
    this.#enter()
    checkClear(what)
    const { begun } = this.#finder
    if (what === undefined) {
      this.#counts.restart()
      this.#finder.cleared(begun)
      this.#hot.clear()
      this.#meter.reset()
    } else if ('key' in what) {
      this.#finder.cleared(begun, what.key)
      this.#hot.delete(what.key)
    } else if ('olderThan' in what) this.#hot.deleteOlder(what.olderThan.getTime())
    const gone = (key: string): void => {
      this.#finder.cleared(begun, key)
      this.#forget(key, () => this.#meter.invalidated(key, 'manual'))
    }
    await this.#open.track(this.#disk.clear(what, gone))
  }

  async resize(limits: Limits): Promise<void> {
    this.#enter()
    assertKnown('resize', limits, ['hotBytes', 'coldBytes', 'eviction'])
    checkLimits(limits)
    if (limits.hotBytes !== undefined) this.#hot.resize(limits.hotBytes)
    if (limits.coldBytes !== undefined) this.#disk.maxBytes = limits.coldBytes
    if (limits.eviction !== undefined) this.#disk.eviction = limits.eviction
    if (limits.coldBytes !== undefined) await this.#ask(() => this.#disk.shrink())
    else await this.evict()
  }

  evict(): Promise<readonly string[]> {
    return this.#ask(() => this.#disk.evict())
  }

  async verify(options: VerifyOptions = {}): Promise<Verified> {
    assertKnown('verify', options, ['signal', 'onProgress'])
    const { signal, onProgress } = options
    const either = signal ? AbortSignal.any([signal, this.#open.signal]) : this.#open.signal
    return this.#ask(() => this.#disk.verify(either, onProgress))
  }

  collectUses<T>(keys: Set<string>, work: () => T): T {
    return this.#users.run(keys, work)
  }

  async link(links: readonly Link[]): Promise<void> {
    this.#enter()
    checkLinks(links)
    await this.#open.track(this.#disk.link(links))
  }

  async flush(): Promise<void> {
    if (this.#open.closed) return
    await this.#open.track(this.#disk.flush())
  }

  /** Loads under way are aborted; their callers get `TIERED_CLOSED`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open.closed) return
    this.#reports.deliver()
    await this.#open.close(failure('TIERED_CLOSED', []))
    const { hits, misses } = this.#counts.take()
    if (hits + misses > 0) await this.#disk.record(hits, misses)
    await this.#disk.close()
    this.#hot.clear()
    this.#worker[Symbol.dispose]()
  }

  async #get(
    request: TableRequest,
    load: (signal: AbortSignal) => Loaded | Promise<Loaded>,
    { signal, backtestId, datasetId }: GetOptions,
    mustBeFresh: boolean
  ): Promise<Table> {
    this.#enter()
    signal?.throwIfAborted()
    if (typeof load !== 'function') throw failure('TIERED_LOAD', [load])
    const { key, text } = this.#identify(request)
    const dataset = datasetId ?? { source: request.dataSource, resolution: request.resolution }
    if (backtestId !== undefined) checkBacktest(backtestId)
    const wanted = { key, text, request, load, dataset, mustBeFresh }
    const hot = this.#hot.get(key)
    const mine = hot?.request === text ? hot : undefined
    if (mine && (mustBeFresh ? this.#finder.isFresh(mine) : this.#finder.serves(mine, wanted))) {
      if (backtestId !== undefined) this.#disk.linked(key, backtestId)
      return this.#hit(key, mine)
    }
    const users = this.#users.getStore()
    // Who waits for what is fresh does not join who takes what is stale.
    const entry = await this.#finds.run(
      mustBeFresh ? `${text} fresh` : text,
      left => this.#open.track(this.#finder.find(wanted, left, mine)),
      signal
    )
    users?.add(key)
    if (backtestId !== undefined) this.#disk.linked(key, backtestId)
    return entry.table
  }

  #hit(key: string, entry: HotEntry): Table {
    this.#meter.hit(key, entry.kind, 'hot')
    this.#disk.used(key)
    this.#users.getStore()?.add(key)
    return entry.table
  }

  #forget(key: string, tell: () => void): void {
    this.#hot.delete(key)
    tell()
  }

  async #ask<T>(work: () => Promise<T>): Promise<T> {
    this.#enter()
    return this.#open.track(work())
  }

  #enter(): void {
    if (this.#open.closed) throw failure('TIERED_CLOSED', [])
    this.#reports.deliver()
  }
}
