import { type CacheStats, ofType, type Plugin } from '@rxtuna/core'
import type { AssetCache } from './asset-cache.ts'
import { problem } from './errors.ts'

declare module '@rxtuna/core' {
  interface EventMap {
    /** What an asset cache has done so far, told at the end of a run. */
    'asset-cache.reported': { readonly cache: string; readonly stats: CacheStats }
  }
}

export interface AssetCachePluginOptions {
  /** When a bundle is asked for its version: once per `run`, at its first access, or at every `access`. Default `run`. */
  readonly versions?: 'run' | 'access'
}

/**
 * Lends the cache to a study: from `study.started` on each bundle is asked for its version once, not at every access, unless `versions` says so;
 * `study.finished` ends that and reports the cache's statistics as `asset-cache.reported`. In a hand-written loop each access asks. The cache stays
 * open when the study closes.
 */
export function assetCache(cache: AssetCache, { versions = 'run' }: AssetCachePluginOptions = {}): Plugin {
  if (versions !== 'run' && versions !== 'access') throw problem('VERSIONS', versions)
  return {
    name: cache.name,
    install(study) {
      study.caches.add(cache)
      let pin: Disposable | undefined
      const release = () => {
        pin?.[Symbol.dispose]()
        pin = undefined
      }
      study.scope.defer(release)
      study.events$.pipe(ofType('study.started', 'study.finished')).subscribe(event => {
        release()
        if (event.type === 'study.finished') study.emit('asset-cache.reported', { cache: cache.name, stats: cache.stats() })
        else if (versions === 'run') pin = cache.pinVersions()
      })
    }
  }
}
