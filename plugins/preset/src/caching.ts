import { join } from 'node:path'
import {
  type AssetCache,
  assetCache,
  type BundlePool,
  type BundlePoolOptions,
  fileVersion,
  openAssetCache,
  openBundlePool
} from '@rxtuna/asset-cache'
import type { ObservedCache, Plugin } from '@rxtuna/core'
import { observed } from '@rxtuna/core/cache'
import { type DataCache, dataCache, openDataCache, stages } from '@rxtuna/data-cache'
import { openTieredCache, type TieredCache, tieredCache } from '@rxtuna/tiered-cache'
import { type CachingLimits, type CachingOptions, cachingLimits, cachingSettings } from './settings.ts'

export type { CachingLimits, CachingOptions } from './settings.ts'

/** The three caches, what else is made with their settings, and the plugins that lend all that to a study. */
export interface Caches extends AsyncDisposable {
  readonly assets: AssetCache
  readonly data: DataCache
  readonly tables: TieredCache
  /** Of the caches, and of the pools and stages that were made before this is read. */
  readonly plugins: readonly Plugin[]
  /** The version of files, remembered from process to process in the caches' directory: `fileVersion` with a store. */
  fileVersion(paths: readonly string[]): Promise<string>
  /** Sets limits anew while the caches are in use. Throws a sentence for a bad one, and then changes none. */
  resize(limits: CachingLimits): Promise<void>
  /** A pool of open bundles within the same settings; closed with the caches. */
  bundles<B extends AsyncDisposable>(options: Pick<BundlePoolOptions<B>, 'open' | 'version' | 'name'>): BundlePool<B>
  /** An objective in steps, within the same settings. */
  readonly stages: typeof stages
}

const bytesOf = (gigabytes: number): number => Math.max(Math.floor(gigabytes * 1024 ** 3), 1)

/**
 * Opens all three caches, configured by options and the `RXTUNA_*` variables; disposing of the result closes them. Lend them to a study with
 * `plugins: [...caches.plugins]`. Rejects with a sentence for a bad option or variable.
 */
export async function caching(options: CachingOptions = {}): Promise<Caches> {
  const settings = cachingSettings(options, process.env)
  const { versions, shared, isolation } = settings
  const { directory, enableCaching: enabled, enableBundlePooling } = settings
  let poolSize = settings.maxBundlePoolSize
  let stagesMade = 0
  await using opening = new AsyncDisposableStack()
  const assets = opening.use(openAssetCache({ maxEntries: settings.lruMaxsize, enabled }))
  const data = opening.use(
    openDataCache({ maxBytes: bytesOf(settings.cacheSizeGb), enabled, shared, ...(isolation === undefined ? {} : { isolation }) })
  )
  const tables = opening.use(await openTieredCache({ directory, enabled }))
  const pools = new Set<BundlePool<AsyncDisposable>>()
  // A stages object belongs to whoever made it, and goes with it.
  const staged = new Set<WeakRef<ObservedCache>>()
  const opened = opening.move()
  return {
    assets,
    data,
    tables,
    get plugins() {
      return [
        assetCache(assets, { versions }),
        dataCache(data, { versions }),
        tieredCache(tables),
        observed('caching', [...pools, ...living(staged)])
      ]
    },
    fileVersion: paths => fileVersion(paths, enabled ? { store: join(directory, 'versions.jsonl') } : {}),
    async resize(limits) {
      const { cacheSizeGb, lruMaxsize, maxBundlePoolSize } = cachingLimits(limits)
      if (cacheSizeGb !== undefined) data.resize(bytesOf(cacheSizeGb))
      if (lruMaxsize !== undefined) assets.resize(lruMaxsize)
      if (maxBundlePoolSize === undefined) return
      poolSize = maxBundlePoolSize
      await Promise.all([...pools].map(pool => pool.resize(poolSize)))
    },
    bundles: ({ open, version, name }) => {
      const limits = { maxEntries: poolSize, enabled: enabled && enableBundlePooling }
      const pool = opened.use(openBundlePool({ open, version, ...limits, name: name ?? numbered('bundle-pool', pools.size) }))
      pools.add(pool)
      return pool
    },
    stages: (data: unknown, steps: Parameters<typeof stages>[1], given: Parameters<typeof stages>[2] = {}) => {
      const verify = given.verify ?? (isolation === 'verify' ? true : undefined)
      const made = stages(data, steps, {
        ...given,
        enabled: given.enabled ?? enabled,
        name: given.name ?? numbered('stages', stagesMade++),
        ...(verify === undefined ? {} : { verify })
      })
      staged.add(new WeakRef(made))
      // Its types are those of the steps, as the overloads of `stages` have them.
      return made as never
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync()
  }
}

/** Names that differ: `stages`, `stages-2`, `stages-3`. */
function numbered(name: string, before: number): string {
  return before === 0 ? name : `${name}-${before + 1}`
}

function living<T extends object>(references: Set<WeakRef<T>>): readonly T[] {
  const alive: T[] = []
  for (const reference of references) {
    const object = reference.deref()
    if (object) alive.push(object)
    else references.delete(reference)
  }
  return alive
}
