import { type CacheMeter, SingleFlight, type Wraps } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import type { Dataset } from './datasets.ts'
import type { Disk } from './disk.ts'
import { failure } from './errors.ts'
import type { Freshness } from './freshness.ts'
import type { HotEntry, HotTier } from './hot-tier.ts'
import { type Identity, loadKind, requestOf, type TableRequest } from './key.ts'
import type { OpenWork } from './open-work.ts'
import { asTable, type Columns, tableBytes } from './table.ts'
import { takeTurn } from './turn.ts'
import { unless } from './waiting.ts'

/** A table to find, and how to load it. */
export interface Wanted extends Identity {
  readonly request: TableRequest
  readonly load: (signal: AbortSignal) => Promise<Table | Columns>
  readonly dataset: number | Dataset
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

/** The way of a table that is not in memory: the disk, then its source; and what becomes of one that went stale. */
export class Finder {
  readonly #options: FinderOptions
  readonly #loads: SingleFlight<HotEntry>
  /** By request: until when its failed source is left alone. */
  readonly #resting = new Map<string, number>()
  #clears = 0

  constructor(options: FinderOptions) {
    this.#options = options
    this.#loads = new SingleFlight(() => options.meter.join())
  }

  /** What was cleared while it was loading must not come back. */
  cleared(): void {
    this.#clears++
  }

  isFresh({ freshUntil }: HotEntry): boolean {
    return freshUntil === Number.POSITIVE_INFINITY || this.#options.clock() < freshUntil
  }

  /** Whether an entry may be handed out at once: it is fresh, or stale and loaded anew meanwhile, or its source has just failed. */
  serves(entry: HotEntry, wanted: Wanted): boolean {
    if (this.isFresh(entry)) return true
    const { clock, revalidateMs, meter, report } = this.#options
    const now = clock()
    if (!this.#rests(wanted.text, now)) {
      if (now >= entry.freshUntil + revalidateMs) return false
      if (!this.#loads.has(wanted.text)) {
        this.#run(wanted, entry, false).catch((error: unknown) =>
          report(error instanceof Error ? error : new Error(String(error)), wanted.key)
        )
      }
    }
    meter.stale(wanted.key, now - entry.loadedAt)
    return true
  }

  /** The entry of a key from the disk, fresh or not; in memory from then on. Nothing is counted. */
  async look(key: string, request?: string): Promise<HotEntry | undefined> {
    const { disk, hot } = this.#options
    const clears = this.#clears
    const found = await disk.read(key, request)
    const asked = found && requestOf(found.row.request)
    if (!asked) return undefined
    const { row, table } = found
    const entry = this.entry(row.request, asked, table, row.loadedAt * 1000)
    // Until this process has loaded one itself, what another process measured is the estimate.
    if (entry.kind.loads === 0 && row.loadMs !== null && row.loadMs >= 0 && row.loadMs < Number.POSITIVE_INFINITY)
      entry.kind.first = row.loadMs
    if (clears === this.#clears) hot.set(key, entry)
    return entry
  }

  /** From the disk or the source. `inMemory` is what went stale there. */
  async find(wanted: Wanted, signal: AbortSignal, inMemory?: HotEntry): Promise<HotEntry> {
    const found = await this.look(wanted.key, wanted.text)
    if (found && this.serves(found, wanted)) {
      this.coldHit(wanted.key, found)
      return found
    }
    return this.#run(wanted, found ?? inMemory, true, signal)
  }

  entry(text: string, request: TableRequest, table: Table, loadedAt: number): HotEntry {
    const { meter, freshness } = this.#options
    // The database keeps seconds, whose fractions are not those of milliseconds.
    const loadedMs = Math.round(loadedAt)
    const freshUntil: unknown = freshness(request, loadedMs)
    if (typeof freshUntil !== 'number' || Number.isNaN(freshUntil)) throw failure('TIERED_FRESHNESS', [freshUntil])
    return { table, request: text, kind: meter.kind(loadKind(request)), bytes: tableBytes(table), loadedAt: loadedMs, freshUntil }
  }

  coldHit(key: string, entry: HotEntry): void {
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
        const found = await this.look(key, text)
        return found && (!stale || found.loadedAt > stale.loadedAt) ? found : undefined
      },
      pollMs,
      signal
    })
    if (turn.kind === 'found') {
      if (isCall && turn.waited) meter.join()
      else if (isCall) this.coldHit(key, turn.value)
      return turn.value
    }
    try {
      if (isCall) meter.miss(key)
      const entry = await this.#load(wanted, signal)
      this.#resting.delete(text)
      return entry
    } catch (error) {
      if (!stale || signal.aborted || !this.#isWithinGrace(stale)) throw error
      this.#resting.set(text, this.#options.clock() + retryMs)
      meter.stale(key, this.#options.clock() - stale.loadedAt, error)
      return stale
    } finally {
      await disk.release(key)
    }
  }

  async #load({ key, text, request, load, dataset }: Wanted, signal: AbortSignal): Promise<HotEntry> {
    const { hot, disk, meter, wraps, clock, report } = this.#options
    const clears = this.#clears
    const loadedAt = clock()
    const start = performance.now()
    // Who ignores the signal is not waited for, so that others get the lease.
    const loaded = await unless(
      signal,
      wraps.run(key, () => load(signal))
    )
    const table = asTable(loaded)
    const loadMs = performance.now() - start
    const entry = this.entry(text, request, table, loadedAt)
    meter.loaded(key, entry.kind, loadMs, entry.bytes)
    if (clears !== this.#clears) return entry
    hot.set(key, entry)
    await disk.store({ key, request: text, table, dataset, backtestIds: [], loadMs, loadedAt }).catch((error: Error) => report(error, key))
    return entry
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
