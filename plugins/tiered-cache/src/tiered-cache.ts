import type { CacheStats, ObservedCache } from '@rxtuna/core'
import type { Table } from 'apache-arrow'
import type { BacktestLink, CacheEntry, DayStatistics, RegisteredDataset } from './catalog.ts'
import type { Dataset } from './datasets.ts'
import type { TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import { checkOptions, type Limits, type TieredCacheOptions } from './options.ts'
import { SwitchedOff } from './switched-off.ts'
import type { Loaded } from './table.ts'
import { Tiers } from './tiers.ts'
import type { Link } from './uses.ts'
import type { Verified } from './verify.ts'
import type { Warmed, WarmOptions } from './warm.ts'

/** `entries`, `bytes` and `maxBytes` are those of the files of all processes; `hot` is this process's memory. */
export interface TieredCacheStats extends CacheStats {
  readonly hot: { readonly entries: number; readonly bytes: number; readonly maxBytes: number; readonly evictions: number }
}

/** What a stored table belongs to. */
export interface TableLink {
  /** A registered dataset. Default: that of the request's source and resolution, made if there is none. */
  readonly datasetId?: number
  readonly backtestId?: string
}

export interface GetOptions extends TableLink {
  readonly signal?: AbortSignal
}

/** Of the days between two dates, both included, and of the entries that there are now. */
export interface CacheStatistics {
  /** Of all processes, as far as they recorded them, and of this one since. */
  readonly hits: number
  readonly misses: number
  /** Of hits and misses; 0 when there are none. */
  readonly hitRate: number
  readonly entries: number
  /** Of all files. */
  readonly totalBytes: number
  readonly averageAccessCount: number
  /** The recorded days, the earliest first. */
  readonly days: readonly DayStatistics[]
  /** This process's, since it opened the cache or cleared everything. */
  readonly session: {
    readonly hits: number
    readonly misses: number
    readonly joined: number
    readonly hotHits: number
    readonly coldHits: number
  }
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** Tables in memory, over Parquet files, over their source. A disk that fails costs speed, never a table: the `fail` event says what happened. */
export interface TieredCache extends ObservedCache, AsyncDisposable {
  stats(): TieredCacheStats
  key(request: TableRequest): string
  /** The table of a key, from memory or its file, unless it is stale. Only `getOrLoad` can compare the request. */
  get(key: string): Promise<Table | undefined>
  /** Stores or replaces a table; when it resolves, the file and its row survive the process. Rejects when the disk fails; the table is in memory then. */
  put(request: TableRequest, table: Loaded, link?: TableLink): Promise<void>
  /**
   * The table of a request, loaded if it is in no tier, or stale: one load per key at a time, whoever asks, in this process and in others on the same
   * directory. A failed load rejects all who wait for it, unless there is a stale table. An aborted caller leaves with its signal's reason; the load's
   * signal aborts when the last has left.
   */
  getOrLoad(request: TableRequest, load: (signal: AbortSignal) => Loaded | Promise<Loaded>, options?: GetOptions): Promise<Table>
  /** Asks for many tables, some at a time, so that they are there later. What fails is told in the end; rejects only with the signal's reason. */
  warm(
    requests: readonly TableRequest[],
    load: (request: TableRequest, signal: AbortSignal) => Loaded | Promise<Loaded>,
    options?: WarmOptions
  ): Promise<Warmed>

  /** What the database says of a key's entry; fresh or not. */
  lookup(key: string): Promise<CacheEntry | undefined>
  /** All entries, the most recently used first. */
  entries(): Promise<readonly CacheEntry[]>
  /** Which backtests used an entry, and since when, the earliest first. */
  links(key: string): Promise<readonly BacktestLink[]>
  /** The names of the backtests that used an entry, in that order. */
  backtests(key: string): Promise<readonly string[]>
  /** Of all days, or of those between two dates. */
  statistics(period?: { readonly from?: Date; readonly to?: Date }): Promise<CacheStatistics>
  /** Adds the hits and misses since the last call to this day (UTC) in `cache_statistics`, as closing does; calling it again adds nothing. */
  recordDailyStatistics(): Promise<void>
  /** Registers a dataset, or finds it, and returns its number. */
  registerDataset(dataset: Dataset): Promise<number>
  datasets(): Promise<readonly RegisteredDataset[]>
  /** In sentences: how the tiers do, and which limit to change. Nothing is said before there are calls. */
  advise(): Promise<readonly string[]>

  /** Clears one entry, those that only this backtest used, those loaded before a time, or everything with the counters. Rejects when the disk fails. */
  clear(what?: ClearWhat): Promise<void>
  /** Changes limits and policy while running, and evicts down to them. */
  resize(limits: Limits): Promise<void>
  /** Brings the files within the limit now, though it always is after a put, and returns the keys of what left. */
  evict(): Promise<readonly string[]>
  /** Reads and hashes every file, drops the entries of those that are missing or changed, and removes what dead processes left. */
  verify(options?: VerifyOptions): Promise<Verified>

  /** Runs `work` and adds the keys of all entries that it uses, however deep, to `keys`. */
  collectUses<T>(keys: Set<string>, work: () => T): T
  /** Writes which backtests used which entries, in one transaction; entries that are gone are left out. */
  link(links: readonly Link[]): Promise<void>
  /** Writes access times, counters and links of hits, which are batched otherwise; a crash loses at most those since the last cold hit, put or flush. */
  flush(): Promise<void>
}

/**
 * Opens a cache on a directory, which other processes may use at the same time. Rejects for bad options only; a directory or database that cannot be
 * used leaves the memory tier, and the first call emits `fail`.
 */
export async function openTieredCache(options: TieredCacheOptions): Promise<TieredCache> {
  checkOptions(options)
  return options.enabled === false ? new SwitchedOff(options) : Tiers.open(options)
}
