import { AsyncLocalStorage } from 'node:async_hooks'
import { type ObservedCache, StudyError } from '@rxtuna/core'
import { CacheMeter, SingleFlight, Wraps } from '@rxtuna/core/cache'
import { openWorker } from '@rxtuna/core/node'
import type { Table } from 'apache-arrow'
import { DailyCounts, midnight } from './daily-counts.ts'
import type { Disk } from './disk.ts'
import { failure } from './errors.ts'
import type { Removed } from './eviction.ts'
import { type HotEntry, HotTier } from './hot-tier.ts'
import { checkKey, type Identity, identifier, loadKind, type TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import { openDisk } from './open-disk.ts'
import { OpenWork } from './open-work.ts'
import { checkLimits, type Limits, type TieredCacheOptions } from './options.ts'
import type { Link } from './pending.ts'
import { Reports } from './reports.ts'
import { checkTable, tableBytes } from './table.ts'
import type { TableLink, TieredCache, TieredCacheStats } from './tiered-cache.ts'
import { takeTurn } from './turn.ts'
import { unless } from './waiting.ts'

/** A table to find, and how to load it. */
interface Wanted extends Identity {
  readonly request: TableRequest
  readonly load: (signal: AbortSignal) => Promise<Table>
}

/** The tiers put together: memory, then the disk, then the source. */
export class Tiers implements TieredCache {
  readonly name: string
  readonly events: ObservedCache['events']
  readonly #options: TieredCacheOptions
  readonly #clock: () => number
  readonly #identify: (request: TableRequest) => Identity
  readonly #meter = new CacheMeter()
  readonly #hot: HotTier
  readonly #wraps = new Wraps()
  readonly #loads = new SingleFlight<HotEntry>(() => this.#meter.join())
  readonly #reads = new SingleFlight<HotEntry | undefined>(() => this.#meter.join())
  readonly #users = new AsyncLocalStorage<Set<string>>()
  readonly #worker = openWorker()
  readonly #open = new OpenWork()
  readonly #reports: Reports
  readonly #counts = new DailyCounts(() => this.#meter.stats({ entries: 0, bytes: 0 }))
  // Set by `open`, before anybody else can hold this object.
  #disk!: Disk
  #clears = 0

  private constructor(options: TieredCacheOptions) {
    this.name = options.name ?? 'tiered-cache'
    this.#options = options
    this.#clock = options.clock ?? Date.now
    this.#identify = identifier(options.keyOf)
    this.#hot = new HotTier(options.hotBytes ?? 1024 ** 3)
    this.events = this.#meter.events
    this.#reports = new Reports(this.events)
  }

  static async open(options: TieredCacheOptions): Promise<Tiers> {
    const tiers = new Tiers(options)
    tiers.#disk = await openDisk(options, {
      worker: tiers.#worker.worker,
      clock: tiers.#clock,
      report: (error, key) => tiers.#reports.add(error, key),
      invalidated: (key, reason) => {
        tiers.#hot.delete(key)
        tiers.#meter.invalidated(key, reason)
      }
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
    if (hot) return this.#hit(key, hot)
    checkKey(key)
    const users = this.#users.getStore()
    const entry = await this.#reads.run(key, () => this.#open.track(this.#lookOrMiss(key)))
    if (entry) users?.add(key)
    return entry?.table
  }

  async put(request: TableRequest, table: Table, link: TableLink = {}): Promise<void> {
    this.#enter()
    checkTable(table)
    const identity = this.#identify(request)
    this.#users.getStore()?.add(identity.key)
    await this.#open.track(this.#put({ ...identity, request }, table, link))
  }

  async getOrLoad(
    request: TableRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    { signal, backtestId }: { readonly signal?: AbortSignal; readonly backtestId?: string } = {}
  ): Promise<Table> {
    this.#enter()
    signal?.throwIfAborted()
    const { key, text } = this.#identify(request)
    const hot = this.#hot.get(key)
    if (hot && hot.request === text) {
      if (backtestId !== undefined) this.#disk.linked(key, backtestId)
      return this.#hit(key, hot)
    }
    const users = this.#users.getStore()
    const flight = (left: AbortSignal) =>
      this.#open.track(this.#find({ key, text, request, load }, AbortSignal.any([left, this.#open.signal])))
    const entry = await this.#loads.run(text, flight, signal)
    users?.add(key)
    if (backtestId !== undefined) this.#disk.linked(key, backtestId)
    return entry.table
  }

  async clear(what?: ClearWhat): Promise<void> {
    this.#enter()
    this.#clears++
    if (what === undefined) {
      this.#counts.restart()
      this.#hot.clear()
      this.#meter.reset()
    } else if ('key' in what) this.#hot.delete(what.key)
    for (const { key } of await this.#open.track(this.#disk.clear(what))) {
      this.#hot.delete(key)
      this.#meter.invalidated(key, 'manual')
    }
  }

  async resize(limits: Limits): Promise<void> {
    this.#enter()
    checkLimits(limits)
    if (limits.hotBytes !== undefined) this.#hot.resize(limits.hotBytes)
    if (limits.coldBytes !== undefined) this.#disk.maxBytes = limits.coldBytes
    if (limits.eviction !== undefined) this.#disk.eviction = limits.eviction
    this.#evicted(await this.#open.track(this.#disk.evict()))
  }

  collectUses<T>(keys: Set<string>, work: () => T): T {
    return this.#users.run(keys, work)
  }

  async link(links: readonly Link[]): Promise<void> {
    this.#enter()
    await this.#open.track(this.#disk.link(links))
  }

  async flush(): Promise<void> {
    if (this.#open.closed) return
    await this.#open.track(this.#disk.flush())
  }

  async recordDailyStatistics(): Promise<void> {
    this.#enter()
    const counts = this.#counts.take()
    if (!(await this.#open.track(this.#disk.record(midnight(this.#clock()), counts.hits, counts.misses)))) this.#counts.giveBack(counts)
  }

  /** Loads under way are aborted; their callers get `TIERED_CLOSED`. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#open.closed) return
    this.#reports.deliver()
    await this.#open.close(failure('TIERED_CLOSED', []))
    await this.#disk.close()
    this.#hot.clear()
    this.#worker[Symbol.dispose]()
  }

  async #look(key: string, request?: string): Promise<HotEntry | undefined> {
    const found = await this.#cold(key, request)
    if (found) this.#coldHit(key, found)
    return found
  }

  async #lookOrMiss(key: string): Promise<HotEntry | undefined> {
    const found = await this.#look(key)
    if (!found) this.#meter.miss(key)
    return found
  }

  async #find(wanted: Wanted, signal: AbortSignal): Promise<HotEntry> {
    const { key, text } = wanted
    const found = await this.#look(key, text)
    if (found) return found
    const turn = await takeTurn({
      claim: () => this.#disk.claim(key, text),
      look: () => this.#cold(key, text),
      pollMs: this.#options.pollMs ?? 25,
      signal
    })
    if (turn.kind === 'found') {
      if (turn.waited) this.#meter.join()
      else this.#coldHit(key, turn.value)
      return turn.value
    }
    try {
      return await this.#load(wanted, signal)
    } finally {
      await this.#disk.release(key)
    }
  }

  async #load({ key, text, request, load }: Wanted, signal: AbortSignal): Promise<HotEntry> {
    this.#meter.miss(key)
    const clears = this.#clears
    const start = performance.now()
    // Who ignores the signal is not waited for, so that others get the lease.
    const table = await unless(
      signal,
      this.#wraps.run(key, () => load(signal))
    )
    checkTable(table)
    const loadMs = performance.now() - start
    const entry = this.#entry(text, table)
    this.#meter.loaded(key, entry.kind, loadMs, entry.bytes)
    // What was cleared while it was loading must not come back.
    if (clears !== this.#clears) return entry
    this.#hot.set(key, entry)
    await this.#store({ key, text, request }, table, loadMs).catch((error: Error) => this.#reports.add(error, key))
    return entry
  }

  async #put(what: Omit<Wanted, 'load'>, table: Table, link: TableLink): Promise<void> {
    const { key, text } = what
    let failed: unknown
    try {
      await this.#store(what, table, null, link)
    } catch (error) {
      if (error instanceof StudyError && error.code === 'TIERED_DATASET') throw error
      failed = error
      // An older table of this key must not outlive the one that could not be written.
      await this.#disk.clear({ key }).catch(() => {})
    }
    this.#hot.set(key, this.#entry(text, table))
    if (failed) throw failed
  }

  async #cold(key: string, request?: string): Promise<HotEntry | undefined> {
    const clears = this.#clears
    const found = await this.#disk.read(key, request)
    if (!found) return undefined
    const entry = this.#entry(found.row.request, found.table)
    // Until this process has loaded one itself, what another process measured is the estimate.
    if (entry.kind.loads === 0 && found.row.loadMs !== null) entry.kind.first = found.row.loadMs
    if (clears === this.#clears) this.#hot.set(key, entry)
    return entry
  }

  async #store(
    { key, text, request }: Omit<Wanted, 'load'>,
    table: Table,
    loadMs: number | null,
    { datasetId, backtestId }: TableLink = {}
  ): Promise<void> {
    const dataset = datasetId ?? { source: request.dataSource, resolution: request.resolution }
    const backtestIds = backtestId === undefined ? [] : [backtestId]
    this.#evicted(await this.#disk.store({ key, request: text, table, dataset, backtestIds, loadMs }))
  }

  #coldHit(key: string, entry: HotEntry): void {
    this.#meter.hit(key, entry.kind, 'cold')
    this.#disk.used(key)
    this.#disk.flushSoon()
  }

  #hit(key: string, entry: HotEntry): Table {
    this.#meter.hit(key, entry.kind, 'hot')
    this.#disk.used(key)
    this.#users.getStore()?.add(key)
    return entry.table
  }

  #entry(text: string, table: Table): HotEntry {
    return { table, request: text, kind: this.#meter.kind(loadKind(text)), bytes: tableBytes(table) }
  }

  #evicted(removed: readonly Removed[]): void {
    for (const { key } of removed) {
      this.#hot.delete(key)
      this.#meter.evicted(key, 'size')
    }
  }

  #enter(): void {
    if (this.#open.closed) throw failure('TIERED_CLOSED', [])
    this.#reports.deliver()
  }
}
