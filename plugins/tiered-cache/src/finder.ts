import { StudyError } from '@rxtuna/core'
import { type CacheMeter, SingleFlight, type Wraps } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import { Current } from './current.ts'
import type { Dataset } from './datasets.ts'
import type { Disk } from './disk.ts'
import { failure } from './errors.ts'
import type { Freshness } from './freshness.ts'
import type { HotEntry, HotTier } from './hot-tier.ts'
import { type Identity, loadKind, requestOf, type TableRequest } from './key.ts'
import type { OpenWork } from './open-work.ts'
import { asTable, type Loaded, tableBytes } from './table.ts'
import type { TableLink } from './tiered-cache.ts'
import { takeTurn } from './turn.ts'
import { unless } from './waiting.ts'

/** A table to find, and how to load it. */
export interface Wanted extends Identity {
  readonly request: TableRequest
  readonly load: (signal: AbortSignal) => Loaded | Promise<Loaded>
  readonly dataset: number | Dataset
  /** Waits for what is fresh, rather than take what is stale. */
  readonly mustBeFresh: boolean
}

export interface FinderOptions {
  readonly hot: HotTier
  readonly disk: Disk
  readonly meter: CacheMeter
  readonly wraps: Wraps
  readonly freshness: Freshness
  readonly revalidateMs: number
  readonly graceMs: number
  readonly pollMs: number
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  readonly report: (error: Error, key?: string) => void
  /** What runs behind a call that was answered is under way, too. */
  readonly open: OpenWork
}

// After its source failed a stale table is handed out for so long before the source is asked again.
const retryMs = 10_000
// Processes on one host may see the time a little differently.
const clockSkewMs = 1_000

/** The way of a table that is not in memory: the disk, then its source; and what becomes of one that went stale. */
export class Finder {
  readonly #options: FinderOptions
  readonly #loads: SingleFlight<HotEntry>
  /** By request: until when its failed source is left alone. */
  readonly #resting = new Map<string, number>()
  readonly #current = new Current()

  constructor(options: FinderOptions) {
    this.#options = options
    this.#loads = new SingleFlight(() => options.meter.join())
  }

  /** How much work has begun: what comes after that is not cleared. */
  get begun(): number {
    return this.#current.begun
  }

  /** What is under way for a key, or for every key, must not bring back what was there. */
  cleared(begun: number, key?: string): void {
    this.#current.overtake(key, undefined, begun)
  }

  /** One that was loaded in what is the future by now, because the clock was set back, is stale. */
  isFresh({ freshUntil, loadedAt }: HotEntry): boolean {
    if (freshUntil === Number.POSITIVE_INFINITY) return true
    const now = this.#options.clock()
    return now < freshUntil && now > loadedAt - clockSkewMs
  }

  /** Whether an entry may be handed out at once: it is fresh, or stale and loaded anew meanwhile, or its source has just failed. */
  serves(entry: HotEntry, wanted: Wanted): boolean {
    if (this.isFresh(entry)) return true
    const { clock, revalidateMs, meter } = this.#options
    const now = clock()
    if (now <= entry.loadedAt - clockSkewMs) return false
    const rests = this.#rests(wanted.text, now)
    if (now >= entry.freshUntil + revalidateMs && !(rests && this.#isWithinGrace(entry))) return false
    if (!rests && !this.#loads.has(wanted.text)) {
      this.#run(wanted, entry, false).catch((error: unknown) => this.#reportSource(error, wanted.key))
    }
    meter.stale(wanted.key, now - entry.loadedAt)
    return true
  }

  /** The entry of a key from the disk, fresh or not; in memory from then on. Nothing is counted. */
  async look(key: string, wanted?: Wanted): Promise<HotEntry | undefined> {
    const { disk, hot } = this.#options
    using work = this.#current.begin(key, false)
    const found = await disk.read(key, wanted?.text)
    const asked = found && (wanted?.request ?? requestOf(found.row.request))
    if (!asked) return undefined
    const { row, table } = found
    const entry = this.#entry(row.request, asked, table, row.loadedAt * 1000)
    // Until this process has loaded one itself, what another process measured is the estimate.
    if (entry.kind.loads === 0 && row.loadMs !== null && row.loadMs >= 0 && row.loadMs < Number.POSITIVE_INFINITY)
      entry.kind.first = row.loadMs
    if (work.isCurrent) hot.set(key, entry)
    return entry
  }

  /** From the disk or the source. `inMemory` is what went stale there. */
  async find(wanted: Wanted, signal: AbortSignal, inMemory?: HotEntry): Promise<HotEntry> {
    const found = await this.look(wanted.key, wanted)
    if (found && (wanted.mustBeFresh ? this.isFresh(found) : this.serves(found, wanted))) {
      this.#coldHit(wanted.key, found)
      return found
    }
    return this.#run(wanted, found ?? inMemory, true, signal)
  }

  /** The entry of a key from the disk, unless it is stale; counted as a hit or a miss. */
  async get(key: string): Promise<HotEntry | undefined> {
    const found = await this.look(key)
    if (found && this.isFresh(found)) {
      this.#coldHit(key, found)
      return found
    }
    this.#options.meter.miss(key)
    return undefined
  }

  /** Stores a table, which overtakes all that began before. Rejects when the disk fails; the table is in memory then. */
  async put({ key, text }: Identity, request: TableRequest, table: Table, { datasetId, backtestId }: TableLink): Promise<void> {
    const { disk, hot } = this.#options
    const dataset = datasetId ?? { source: request.dataSource, resolution: request.resolution }
    // Before it overtakes another.
    if (typeof dataset === 'number' && (await disk.knowsDataset(dataset)) === false) throw failure('TIERED_DATASET', [dataset])
    using work = this.#current.begin(key, true)
    this.#current.overtake(key, work)
    const loadedAt = this.#options.clock()
    const backtestIds = backtestId === undefined ? [] : [backtestId]
    const entry = this.#entry(text, request, table, loadedAt)
    const isWanted = (): boolean => work.isCurrent
    let failed: unknown
    try {
      await disk.store({ key, request: text, table, dataset, backtestIds, loadMs: null, loadedAt, isWanted })
    } catch (error) {
      if (error instanceof StudyError && error.code === 'TIERED_DATASET') throw error
      failed = error
      // An older table of this key must not outlive the one that could not be written.
      if (work.isCurrent) await disk.clear({ key }).catch(() => {})
    }
    if (work.isCurrent) {
      // Who began to read before the row was there has the table before.
      this.#current.overtake(key, work)
      hot.set(key, entry)
    }
    if (failed) throw failed
  }

  #entry(text: string, request: TableRequest, table: Table, loadedAt: number): HotEntry {
    const { meter, freshness } = this.#options
    // The database keeps seconds, whose fractions are not those of milliseconds.
    const loadedMs = Math.round(loadedAt)
    const freshUntil: unknown = freshness(request, loadedMs)
    if (typeof freshUntil !== 'number' || Number.isNaN(freshUntil)) throw failure('TIERED_FRESHNESS', [freshUntil])
    return { table, request: text, kind: meter.kind(loadKind(request)), bytes: tableBytes(table), loadedAt: loadedMs, freshUntil }
  }

  #coldHit(key: string, entry: HotEntry): void {
    const { meter, disk } = this.#options
    meter.hit(key, entry.kind, 'cold')
    disk.used(key)
    disk.flushSoon()
  }

  #run(wanted: Wanted, stale: HotEntry | undefined, isCall: boolean, signal?: AbortSignal): Promise<HotEntry> {
    const { open } = this.#options
    // Under way until its lease is given back, however early its callers leave.
    return this.#loads.run(wanted.text, left => open.track(this.#reload(wanted, left, stale, isCall)), signal)
  }

  /** Loads when it is this process's turn; counts as a call unless it runs behind one that was answered. */
  async #reload(wanted: Wanted, left: AbortSignal, stale: HotEntry | undefined, isCall: boolean): Promise<HotEntry> {
    const { disk, meter, pollMs, open } = this.#options
    const { key, text } = wanted
    const signal = AbortSignal.any([left, open.signal])
    const turn = await takeTurn({
      claim: () => disk.claim(key, text, stale?.loadedAt),
      look: async () => {
        const found = await this.look(key, wanted)
        return found && (!stale || found.loadedAt > stale.loadedAt) ? found : undefined
      },
      pollMs,
      signal
    })
    if (turn.kind === 'found') {
      if (isCall && turn.waited) meter.join()
      else if (isCall) this.#coldHit(key, turn.value)
      return turn.value
    }
    try {
      if (isCall) meter.miss(key)
      const entry = await this.#load(wanted, signal)
      this.#resting.delete(text)
      return entry
    } catch (error) {
      if (!stale || signal.aborted) throw error
      this.#resting.set(text, this.#options.clock() + retryMs)
      if (!this.#isWithinGrace(stale)) throw error
      if (isCall) meter.stale(key, this.#options.clock() - stale.loadedAt, error)
      else this.#reportSource(error, key)
      return stale
    } finally {
      await disk.release(key)
    }
  }

  async #load({ key, text, request, load, dataset }: Wanted, signal: AbortSignal): Promise<HotEntry> {
    const { hot, disk, meter, wraps, clock, report } = this.#options
    using work = this.#current.begin(key, true)
    const loadedAt = clock()
    const start = performance.now()
    // Who ignores the signal is not waited for, so that others get the lease.
    const loaded = await unless(
      signal,
      wraps.run(key, async () => load(signal))
    )
    const table = await asTable(loaded)
    const loadMs = performance.now() - start
    const entry = this.#entry(text, request, table, loadedAt)
    meter.loaded(key, entry.kind, loadMs, entry.bytes)
    if (!work.isCurrent) return entry
    this.#current.overtake(key, work)
    hot.set(key, entry)
    const isWanted = (): boolean => work.isCurrent
    try {
      const isKept = await disk.store({ key, request: text, table, dataset, backtestIds: [], loadMs, loadedAt, isWanted })
      // Another process has stored a newer one meanwhile.
      if (!isKept && work.isCurrent) hot.delete(key)
    } catch (error) {
      report(errorOf(error), key)
    }
    return entry
  }

  /** What failed behind a call that was answered; closing is no failure. */
  #reportSource(error: unknown, key: string): void {
    if (!this.#options.open.closed) this.#options.report(errorOf(error), key)
  }

  #rests(text: string, now: number): boolean {
    const until = this.#resting.get(text)
    if (until !== undefined && now >= until) this.#resting.delete(text)
    return until !== undefined && now < until
  }

  #isWithinGrace({ freshUntil }: HotEntry): boolean {
    return this.#options.clock() < freshUntil + this.#options.graceMs
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
