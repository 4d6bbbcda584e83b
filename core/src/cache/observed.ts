import type { ObservedCache } from '../cache.ts'
import type { Plugin } from '../plugin.ts'

/** A plugin that lends caches to a study, so that telemetry sees them. They are not touched otherwise, and stay open when the study closes. */
export function observed(name: string, caches: readonly ObservedCache[]): Plugin {
  return {
    name,
    install(study) {
      for (const cache of caches) study.caches.add(cache)
    }
  }
}
