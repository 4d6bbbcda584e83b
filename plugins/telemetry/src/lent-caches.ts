import type { ObservedCache, PluginContext } from '@rxtuna/core'
import type { Instruments } from './instruments.ts'
import type { LoadSpans, LoadWatcher } from './load-spans.ts'

interface Watchers extends LoadWatcher {
  readonly instruments: Instruments | undefined
  readonly loads: LoadSpans | undefined
}

/** The caches that plugins of one study registered. They are given back when the study closes. */
export class LentCaches {
  readonly #study: Pick<PluginContext, 'caches' | 'scope'>
  readonly #watchers: Watchers
  #known = 0

  constructor(study: Pick<PluginContext, 'caches' | 'scope'>, watchers: Watchers) {
    this.#study = study
    this.#watchers = watchers
  }

  /** Watches those that are new: a plugin that is installed later registers its cache later. */
  look(): void {
    const { caches, scope } = this.#study
    const { instruments, loads } = this.#watchers
    const all = caches.all()
    // Caches are added at the end and never taken away.
    while (this.#known < all.length) {
      const cache = all[this.#known++] as ObservedCache
      if (instruments) {
        instruments.caches.watch(cache)
        scope.defer(() => instruments.caches.release(cache))
      }
      if (loads) {
        loads.watch(cache, this.#watchers)
        scope.defer(() => loads.release(cache))
      }
    }
  }
}
