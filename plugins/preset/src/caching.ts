import { type AssetCache, assetCache, type BundlePool, type BundlePoolOptions, openAssetCache, openBundlePool } from '@rxtuna/asset-cache'
import type { Plugin } from '@rxtuna/core'
import { type DataCache, dataCache, openDataCache } from '@rxtuna/data-cache'
import { openTieredCache, type TieredCache, tieredCache } from '@rxtuna/tiered-cache'
import { type CachingOptions, cachingSettings } from './settings.ts'

export type { CachingOptions } from './settings.ts'

/** The three caches, and the plugins that lend them to a study. */
export interface Caches extends AsyncDisposable {
  readonly assets: AssetCache
  readonly data: DataCache
  readonly tables: TieredCache
  readonly plugins: readonly Plugin[]
  /** A pool of open bundles within the same settings; closed with the caches. */
  bundles<B extends AsyncDisposable>(options: Pick<BundlePoolOptions<B>, 'open' | 'version' | 'name'>): BundlePool<B>
}

const bytesPerGb = 1024 ** 3

/**
 * Opens all three caches, configured by options and the `RXTUNA_*` variables; disposing of the result closes them. Lend them to a study with
 * `plugins: [...caches.plugins]`. Rejects with a sentence for a bad option or variable.
 */
export async function caching(options: CachingOptions = {}): Promise<Caches> {
  const settings = cachingSettings(options, process.env)
  const { directory, enableCaching: enabled, enableBundlePooling, maxBundlePoolSize } = settings
  await using opening = new AsyncDisposableStack()
  const assets = opening.use(openAssetCache({ maxEntries: settings.lruMaxsize, enabled }))
  const data = opening.use(openDataCache({ maxBytes: Math.max(Math.floor(settings.cacheSizeGb * bytesPerGb), 1), enabled }))
  const tables = opening.use(await openTieredCache({ directory, enabled }))
  const opened = opening.move()
  return {
    assets,
    data,
    tables,
    plugins: [assetCache(assets), dataCache(data), tieredCache(tables)],
    bundles: ({ open, version, name }) => {
      const limits = { maxEntries: maxBundlePoolSize, enabled: enabled && enableBundlePooling }
      return opened.use(openBundlePool({ open, version, ...limits, ...(name === undefined ? {} : { name }) }))
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync()
  }
}
