import { ofType, type Plugin } from '@rxtuna/core'
import type { DataCache } from './data-cache.ts'
import { problem } from './errors.ts'

declare module '@rxtuna/core' {
  interface EventMap {
    /** A trial wrote into cached data, which was then dropped: results of trials that used it since may be wrong. */
    'data-cache.written': {
      readonly cache: string
      readonly key: string
      readonly dataset: string
      /** This study's trials that had the data since it was last found intact: one of them wrote, unless another study's did. */
      readonly trials: readonly number[]
      /** The same with those of other studies, as `study/number`. */
      readonly users: readonly string[]
    }
  }
}

export interface DataCachePluginOptions {
  /** When a dataset whose version is a function is asked for it: once per `run`, or at every `access`. Default `run`. */
  readonly versions?: 'run' | 'access'
}

/**
 * Lends the cache to a study: all trials of a run see one version of a dataset, unless `versions` says otherwise. Under `isolation: 'verify'` it checks at the end of each trial that the data which the trial was handed is still what was
 * loaded, and otherwise drops it and emits `data-cache.written`. Data handed out outside a trial is checked at the end of every trial. `study.finished`
 * checks and releases what is left. The cache stays open when the study closes.
 */
export function dataCache(cache: DataCache, { versions = 'run' }: DataCachePluginOptions = {}): Plugin {
  if (versions !== 'run' && versions !== 'access') throw problem('VERSIONS', versions)
  return {
    name: cache.name,
    install(study) {
      study.caches.add(cache)
      let pin: Disposable | undefined
      const unpin = (): void => {
        pin?.[Symbol.dispose]()
        pin = undefined
      }
      study.scope.defer(unpin)
      study.events$.pipe(ofType('study.started', 'study.finished')).subscribe(({ type }) => {
        unpin()
        if (type === 'study.started' && versions === 'run') pin = cache.pinVersions()
      })
      if (cache.isolation !== 'verify') return

      const userOf = (trial: number): string => `${study.name}/${trial}`
      /** Trials that began and have not ended, and those among them that were lent data by `evaluate`. */
      const open = new Set<number>()
      const lent = new Set<number>()
      const check = (trial: number): void => {
        for (const { key, dataset, users, atLarge } of cache.verify(userOf(trial))) {
          const had = new Set(users)
          if (atLarge) for (const other of [...open, trial]) had.add(userOf(other))
          const own = [...open, trial].filter(other => had.has(userOf(other)))
          const trials = [...new Set(own)].sort((a, b) => a - b)
          study.emit('data-cache.written', { cache: cache.name, key, dataset, trials, users: [...had].sort() })
        }
        lent.delete(trial)
        open.delete(trial)
      }
      const release = (): void => {
        for (const trial of [...lent]) check(trial)
      }

      study.intercept('evaluate', (call, next) => {
        lent.add(call.trial.number)
        return cache.lend(userOf(call.trial.number), () => next(call))
      })
      study.scope.defer(release)
      study.events$.pipe(ofType('trial.started', 'trial.completed', 'trial.pruned', 'trial.failed', 'study.finished')).subscribe(event => {
        if (event.type === 'study.finished') release()
        else if (event.type === 'trial.started') open.add(event.trial)
        else check(event.trial)
      })
    }
  }
}
