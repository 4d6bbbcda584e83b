import { failure } from './errors.ts'
import { type Eviction, evictions } from './eviction.ts'
import type { TableRequest } from './key.ts'

export interface TieredCacheOptions {
  /** Where the Parquet files lie; made if it is missing. */
  readonly directory: string
  /** The SQLite database of the metadata. Default `metadata.db` in the directory. */
  readonly metadata?: string
  /** Bytes of tables in memory. Default 1 GB; 0 switches the tier off. */
  readonly hotBytes?: number
  /** Bytes of files. Default 10 GB; 0 switches the tier off. */
  readonly coldBytes?: number
  /** Which files leave when they are over `coldBytes`. Default `lru`. */
  readonly eviction?: Eviction
  /** In statistics, events and traces, and the plugin's name. Default `tiered-cache`. */
  readonly name?: string
  /** False: every call loads, nothing is kept, and no file is touched. Default true. */
  readonly enabled?: boolean
  /** Another way to make keys: 1 to 64 letters, digits, `_` or `-`. Requests are compared all the same. Default: the first 16 hexadecimal digits of the SHA-256 of the request. */
  readonly keyOf?: (request: TableRequest) => string
  /** Milliseconds between two looks at a load of another process. Default 25. */
  readonly pollMs?: number
  /** Milliseconds since the epoch; for tests. Default `Date.now`. */
  readonly clock?: () => number
}

export interface Limits {
  readonly hotBytes?: number
  readonly coldBytes?: number
  readonly eviction?: Eviction
}

/** Throws a sentence for limits that are not whole bytes, and for an unknown policy. */
export function checkLimits({ hotBytes, coldBytes, eviction }: Limits): void {
  for (const [name, bytes] of Object.entries({ hotBytes, coldBytes })) {
    if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0)) throw failure('TIERED_OPTION_BYTES', [name, bytes])
  }
  if (eviction !== undefined && !evictions.includes(eviction)) throw failure('TIERED_OPTION_EVICTION', [eviction])
}
