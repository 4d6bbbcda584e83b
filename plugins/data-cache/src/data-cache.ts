import type { ObservedCache } from '@rxtuna/core'
import { assertKnown } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import type { WrittenEntry } from './entry-uses.ts'
import { GroupCache } from './group-cache.ts'
import type { GroupRequest } from './group-request.ts'
import type { GroupedData } from './grouped-data.ts'

/** What keeps callers from spoiling each other's data: the types alone; a check after each trial that used it; or copies. */
export type Isolation = 'types' | 'verify' | 'copy'

export interface DataCacheOptions {
  /** Bytes of arrays kept at most, the least recently used go first. An entry over the limit is returned and not kept. Default 2 GB. */
  readonly maxBytes?: number
  /** False: every call loads and groups. Default true. */
  readonly enabled?: boolean
  /** Puts the arrays into shared memory, so that worker threads can see them. Default false. */
  readonly shared?: boolean
  /** Default `types`, and `verify` where NODE_ENV is `test`. */
  readonly isolation?: Isolation
  /** The cache's name in statistics and traces, and its plugin's. Default `data-cache`. */
  readonly name?: string
}

export interface GroupedOptions {
  readonly signal?: AbortSignal
  /** Told how much of the grouping is done, from 0 to 1, if this call is the one that groups: every few milliseconds, and at the end. */
  readonly onProgress?: (share: number) => void
}

/** Datasets grouped once per request, in typed arrays. One load per request at a time; errors are not kept. */
export interface DataCache extends ObservedCache, AsyncDisposable {
  readonly isolation: Isolation
  /**
   * The dataset in groups: known already, or loaded and grouped. Of the table nothing is kept. Rejects with what `load` rejects with, with a sentence
   * for data that cannot be grouped, or with the signal's reason; the load's own signal aborts when no caller waits any more.
   */
  grouped(request: GroupRequest, load: (signal: AbortSignal) => Promise<Table>, options?: GroupedOptions): Promise<GroupedData>
  /** Calls `work`, and under `verify` remembers what it, and all that it awaits, is handed. The plugin does this around each trial. */
  lend<T>(user: string, work: () => T): T
  /** Under `verify`, when that user has ended: drops the entries that were written, and says who may have done it. Blocks for about 0.2 ms per MB of them. */
  verify(user: string): readonly WrittenEntry[]
  /**
   * From now on each dataset whose version is a function is asked for it once, at its first access, until the pin is disposed of. The plugin holds one per
   * run, so that all trials of a run see one version.
   */
  pinVersions(): Disposable
  /** Sets how many bytes of arrays are kept at most, from now on. */
  resize(maxBytes: number): void
}

export function openDataCache(options: DataCacheOptions = {}): DataCache {
  assertKnown('openDataCache', options, ['maxBytes', 'enabled', 'shared', 'isolation', 'name'])
  return new GroupCache(options)
}
