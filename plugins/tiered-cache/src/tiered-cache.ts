import type { CacheStats, ObservedCache } from '@rxtuna/core'
import type { Table } from 'apache-arrow'
import { failure } from './errors.ts'
import type { TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import { checkLimits, type Limits, type TieredCacheOptions } from './options.ts'
import type { Link } from './pending.ts'
import { SwitchedOff } from './switched-off.ts'
import { Tiers } from './tiers.ts'

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

/** Tables in memory, over Parquet files, over their source. A disk that fails costs speed, never a table: the `fail` event says what happened. */
export interface TieredCache extends ObservedCache, AsyncDisposable {
  stats(): TieredCacheStats
  key(request: TableRequest): string
  /** The table of a key, from memory or its file. Only `getOrLoad` can compare the request. */
  get(key: string): Promise<Table | undefined>
  /** Stores or replaces a table; when it resolves, the file and its row survive the process. Rejects when the disk fails; the table is in memory then. */
  put(request: TableRequest, table: Table, link?: TableLink): Promise<void>
  /**
   * The table of a request, loaded if it is in no tier: one load per key at a time, whoever asks, in this process and in others on the same directory.
   * A failed load rejects all who wait for it. An aborted caller leaves with its signal's reason; the load's signal aborts when the last has left.
   */
  getOrLoad(
    request: TableRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    options?: { readonly signal?: AbortSignal; readonly backtestId?: string }
  ): Promise<Table>
  /** Clears one entry, those that only this backtest used, those stored before a time, or everything with the counters. Rejects when the disk fails. */
  clear(what?: ClearWhat): Promise<void>
  /** Changes limits and policy while running, and evicts down to them. */
  resize(limits: Limits): Promise<void>
  /** Runs `work` and adds the keys of all entries that it uses, however deep, to `keys`. */
  collectUses<T>(keys: Set<string>, work: () => T): T
  /** Writes which backtests used which entries, in one transaction; entries that are gone are left out. */
  link(links: readonly Link[]): Promise<void>
  /** Writes access times, counters and links of hits, which are batched otherwise; a crash loses at most those since the last cold hit, put or flush. */
  flush(): Promise<void>
  /** Adds the hits and misses since the last call to this day (UTC) in `cache_statistics`; calling it again adds nothing. */
  recordDailyStatistics(): Promise<void>
}

/**
 * Opens a cache on a directory, which other processes may use at the same time. Rejects for bad options only; a directory or database that cannot be
 * used leaves the memory tier, and the first call emits `fail`.
 */
export async function openTieredCache(options: TieredCacheOptions): Promise<TieredCache> {
  if (typeof options.directory !== 'string' || options.directory === '') throw failure('TIERED_OPTION_DIRECTORY', [options.directory])
  checkLimits(options)
  return options.enabled === false ? new SwitchedOff(options) : Tiers.open(options)
}
