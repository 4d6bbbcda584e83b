import { inBatches, ofType, type Plugin } from '@rxtuna/core'
import { mergeMap, Subject, takeUntil } from 'rxjs'
import { failure } from './errors.ts'
import type { TieredCache } from './tiered-cache.ts'
import type { Link } from './uses.ts'

const batchMs = 50
const batchSize = 500

/**
 * Lends a tiered cache to a study: the entries that a trial used, completed or pruned, are linked to the backtest `study/number`, in batches;
 * when a run ends the access times are written and the day's statistics recorded. The cache stays open.
 * A crash loses the links of the last 50 ms.
 */
export function tieredCache(cache: TieredCache): Plugin {
  if (typeof cache?.collectUses !== 'function') throw failure('TIERED_PLUGIN', [cache])
  const { name } = cache
  return {
    name,
    install(study) {
      study.caches.add(cache)
      const used = new Map<number, Set<string>>()
      study.intercept('evaluate', (call, next) => {
        const { number } = call.trial
        const keys = used.get(number) ?? new Set<string>()
        used.set(number, keys)
        return cache.collectUses(keys, () => next(call))
      })

      let written: Promise<unknown> = Promise.resolve()
      // One write after the other, so that closing waits for the last.
      const write = (work: () => Promise<unknown>): void => {
        written = written.then(work).catch((error: unknown) => study.emit('plugin.failed', { plugin: name, error }))
      }
      const settle = async (): Promise<void> => {
        await cache.flush()
        await cache.recordDailyStatistics()
      }
      const closing = new Subject<void>()
      study.events$
        .pipe(
          ofType('trial.completed', 'trial.pruned'),
          mergeMap(({ trial }): Link[] => {
            const keys = used.get(trial) ?? []
            used.delete(trial)
            return [...keys].map(key => ({ key, backtestId: `${study.name}/${trial}` }))
          }),
          takeUntil(closing),
          inBatches(batchMs, batchSize)
        )
        .subscribe(links => write(() => cache.link(links)))
      study.events$.pipe(ofType('trial.failed')).subscribe(({ trial }) => void used.delete(trial))
      study.events$.pipe(ofType('study.finished')).subscribe(() => write(settle))
      study.scope.defer(async () => {
        closing.next()
        write(settle)
        await written
      })
    }
  }
}
