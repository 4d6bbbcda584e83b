import { assertKnown } from '@rxtuna/core/cache'
import type { Isolation } from '@rxtuna/data-cache'
import { presetError } from './errors.ts'

/** Options of `caching`, each of which wins over its environment variable. */
export interface CachingOptions {
  /** Where the tables' files lie; made if it is missing. Default `.rxtuna/cache`. */
  readonly directory?: string
  /** Memory of grouped data, in GB of 2^30 bytes. `RXTUNA_CACHE_SIZE_GB`, default 2. */
  readonly cacheSizeGb?: number
  /** False: everything is loaded each time, and nothing is written. `RXTUNA_ENABLE_CACHING`, default true. */
  readonly enableCaching?: boolean
  /** Asset lists kept at most. `RXTUNA_LRU_MAXSIZE`, default 128. */
  readonly lruMaxsize?: number
  /** False: a bundle pool keeps nothing open. `RXTUNA_ENABLE_BUNDLE_POOLING`, default true. */
  readonly enableBundlePooling?: boolean
  /** Bundles kept open at most. `RXTUNA_MAX_BUNDLE_POOL_SIZE`, default 100. */
  readonly maxBundlePoolSize?: number
  /** When the plugin asks a bundle for its version: once per `run`, or at every `access`. Default `run`. */
  readonly versions?: 'run' | 'access'
  /** Puts grouped data into memory that worker threads can share. Default false. */
  readonly shared?: boolean
  /** What keeps trials from spoiling each other's data. Default as of `openDataCache`. */
  readonly isolation?: Isolation
}
export type CachingSettings = Required<Omit<CachingOptions, 'isolation'>> & Pick<CachingOptions, 'isolation'>
/** What can be changed while the caches are in use. */
export type CachingLimits = Pick<CachingOptions, 'cacheSizeGb' | 'lruMaxsize' | 'maxBundlePoolSize'>

const known: readonly (keyof CachingOptions)[] = [
  'directory',
  'cacheSizeGb',
  'enableCaching',
  'lruMaxsize',
  'enableBundlePooling',
  'maxBundlePoolSize',
  'versions',
  'shared',
  'isolation'
]
const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= 10_000_000
const isSize = (value: number): boolean => value > 0 && Number.isFinite(value)
const limits = {
  cacheSizeGb: { expected: 'a number of GB greater than 0', fits: isSize },
  lruMaxsize: { expected: 'a whole number from 1 to 10,000,000', fits: isCount },
  maxBundlePoolSize: { expected: 'a whole number from 1 to 10,000,000', fits: isCount }
} as const

/** The same limits; throws a sentence for one that is none, or is not known. */
export function cachingLimits(given: CachingLimits): CachingLimits {
  if (typeof given !== 'object' || given === null) throw presetError('CACHING_OPTION', 'limits', 'an object', given)
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(limits, name)) throw presetError('CACHING_OPTION', name, `one of ${Object.keys(limits).join(', ')}`, value)
    const { expected, fits } = limits[name as keyof CachingLimits]
    if (value !== undefined && (typeof value !== 'number' || !fits(value))) throw presetError('CACHING_OPTION', name, expected, value)
  }
  return given
}

const words: Readonly<Record<string, boolean>> = { true: true, false: false, '1': true, '0': false }

/** The options with the environment's values and the defaults where there is none. Throws a sentence that names the option or variable. */
export function cachingSettings(options: CachingOptions, env: Readonly<Record<string, string | undefined>>): CachingSettings {
  assertKnown('caching', options, known)
  const { directory = '.rxtuna/cache', versions = 'run', shared = false, isolation } = options
  if (versions !== 'run' && versions !== 'access') throw presetError('CACHING_OPTION', 'versions', "'run' or 'access'", versions)
  if (typeof shared !== 'boolean') throw presetError('CACHING_OPTION', 'shared', 'true or false', shared)
  if (typeof directory !== 'string' || directory === '') throw presetError('CACHING_OPTION', 'directory', 'a path', directory)
  const number = (name: keyof CachingLimits, variable: string, standard: number): number => {
    const { expected, fits } = limits[name]
    const given = options[name]
    if (given !== undefined) {
      if (typeof given !== 'number' || !fits(given)) throw presetError('CACHING_OPTION', name, expected, given)
      return given
    }
    const text = env[variable]
    if (text === undefined) return standard
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!fits(value)) throw presetError('CACHING_VARIABLE', variable, expected, text)
    return value
  }
  const flag = (name: keyof CachingOptions, variable: string): boolean => {
    const given = options[name]
    if (given !== undefined) {
      if (typeof given !== 'boolean') throw presetError('CACHING_OPTION', name, 'true or false', given)
      return given
    }
    const text = env[variable]
    if (text === undefined) return true
    const value = words[text.trim().toLowerCase()]
    if (value === undefined) throw presetError('CACHING_VARIABLE', variable, 'true or false (or 1 or 0)', text)
    return value
  }
  return {
    directory,
    versions,
    shared,
    ...(isolation === undefined ? {} : { isolation }),
    cacheSizeGb: number('cacheSizeGb', 'RXTUNA_CACHE_SIZE_GB', 2),
    enableCaching: flag('enableCaching', 'RXTUNA_ENABLE_CACHING'),
    lruMaxsize: number('lruMaxsize', 'RXTUNA_LRU_MAXSIZE', 128),
    enableBundlePooling: flag('enableBundlePooling', 'RXTUNA_ENABLE_BUNDLE_POOLING'),
    maxBundlePoolSize: number('maxBundlePoolSize', 'RXTUNA_MAX_BUNDLE_POOL_SIZE', 100)
  }
}
