import { assertKnown } from '@rxtuna/core/cache'
import type { ColdTier } from './cold-tier.ts'
import type { Dataset } from './datasets.ts'
import type { Compression } from './encode-plan.ts'
import { failure } from './errors.ts'
import { type Eviction, evictions } from './eviction.ts'
import type { Freshness } from './freshness.ts'
import { checkKey, type TableRequest } from './key.ts'
import type { ClearWhat } from './metadata.ts'
import type { Link } from './uses.ts'

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
  /** Where encoded tables lie instead of in the directory, such as an object store. */
  readonly coldTier?: ColdTier
  /** Of new files. Default `snappy`; `zstd` makes smaller ones, and takes longer. */
  readonly compression?: Compression
  /** `always` hashes a file at each read; `once` not again while its size, times and inode are those that this process has verified. Default `always`. */
  readonly checksums?: 'always' | 'once'
  /** Until when a table is fresh; a stale one is loaded anew. Default `freshness.neverStale`. */
  readonly freshness?: Freshness
  /** For so many milliseconds after it went stale a table is handed out at once, and loaded anew meanwhile. Default 0. */
  readonly revalidateMs?: number
  /** For so many milliseconds after it went stale a table is handed out when its source fails. Default `Infinity`; 0 never. */
  readonly graceMs?: number
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

const known = [
  ...['directory', 'metadata', 'hotBytes', 'coldBytes', 'eviction', 'compression', 'checksums', 'coldTier'],
  ...['freshness', 'revalidateMs', 'graceMs', 'name', 'enabled', 'keyOf', 'pollMs', 'clock']
]

/** Throws a sentence for an option that is not what it should be. */
export function checkOptions(options: TieredCacheOptions): void {
  if (typeof options !== 'object' || options === null) throw failure('TIERED_OPTION_DIRECTORY', [undefined])
  assertKnown('openTieredCache', options, known)
  const { directory, checksums, compression, freshness, revalidateMs, graceMs, pollMs } = options
  if (typeof directory !== 'string' || directory === '') throw failure('TIERED_OPTION_DIRECTORY', [directory])
  checkLimits(options)
  oneOf('checksums', checksums, ['always', 'once'])
  oneOf('compression', compression, ['snappy', 'zstd'])
  for (const [name, ms] of Object.entries({ revalidateMs, graceMs, pollMs })) {
    if (ms !== undefined && !(ms >= 0)) throw failure('TIERED_OPTION_MS', [name, ms])
  }
  const { metadata, name, enabled, keyOf, clock, coldTier } = options
  shaped('metadata', metadata, 'a path with at least one character', isText)
  shaped('name', name, 'a text with at least one character', isText)
  shaped('enabled', enabled, 'true or false', value => typeof value === 'boolean')
  shaped('keyOf', keyOf, 'a function of a request', isFunction)
  shaped('clock', clock, 'a function that returns milliseconds since the epoch', isFunction)
  const methods = ['write', 'read', 'remove', 'collect'] as const
  shaped('coldTier', coldTier, 'an object with write, read, remove and collect', () =>
    methods.every(method => isFunction(coldTier?.[method]))
  )
  if (freshness !== undefined && typeof freshness !== 'function') throw failure('TIERED_OPTION_FRESHNESS', [freshness])
}

/** Throws a sentence for limits that are not whole bytes, and for an unknown policy. */
export function checkLimits({ hotBytes, coldBytes, eviction }: Limits): void {
  for (const [name, bytes] of Object.entries({ hotBytes, coldBytes })) {
    if (bytes !== undefined && !(Number.isSafeInteger(bytes) && bytes >= 0)) throw failure('TIERED_OPTION_BYTES', [name, bytes])
  }
  oneOf('eviction', eviction, evictions)
}

/** Throws a sentence for what is no backtest's name. */
export function checkBacktest(backtestId: unknown): void {
  if (backtestId !== undefined && (typeof backtestId !== 'string' || backtestId === '')) throw failure('TIERED_BACKTEST', [backtestId])
}

/** Throws a sentence for links without a key or a backtest's name. */
export function checkLinks(links: readonly Link[]): void {
  if (!Array.isArray(links)) throw failure('TIERED_OPTION_SHAPE', ['links', 'an array of { key, backtestId }', links])
  for (const { key, backtestId } of links) {
    checkKey(key)
    if (backtestId === undefined) throw failure('TIERED_BACKTEST', [backtestId])
    checkBacktest(backtestId)
  }
}

/** Throws a sentence for what cannot be cleared, so that a misspelled word does not clear everything. */
export function checkClear(what: ClearWhat | undefined): void {
  if (what === undefined) return
  if (typeof what !== 'object' || what === null || Object.keys(what).length !== 1) throw failure('TIERED_CLEAR', [what])
  if ('key' in what) checkKey(what.key)
  else if ('backtestId' in what && what.backtestId !== undefined) checkBacktest(what.backtestId)
  else if (!('olderThan' in what)) throw failure('TIERED_CLEAR', [what])
  else if (!(what.olderThan instanceof Date) || Number.isNaN(what.olderThan.getTime()))
    throw failure('TIERED_DATE', ['olderThan', what.olderThan])
}

/** Throws a sentence for what is no dataset. */
export function checkDataset({ source, resolution, schemaVersion }: Dataset): void {
  for (const [name, text] of Object.entries({ source, resolution })) {
    if (!isText(text)) throw failure('TIERED_OPTION_SHAPE', [`${name}\` of \`registerDataset`, 'a text with at least one character', text])
  }
  shaped('schemaVersion', schemaVersion, 'a whole number', Number.isSafeInteger)
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''
const isFunction = (value: unknown): boolean => typeof value === 'function'

function shaped(name: string, value: unknown, expected: string, fits: (value: unknown) => boolean): void {
  if (value !== undefined && !fits(value)) throw failure('TIERED_OPTION_SHAPE', [name, expected, value])
}

function oneOf(name: string, value: unknown, known: readonly string[]): void {
  if (value !== undefined && !known.includes(value as string)) throw failure('TIERED_OPTION_ONE_OF', [name, known, value])
}
