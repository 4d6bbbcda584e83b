import { auditTime, buffer, filter, merge, type Observable, type OperatorFunction, scan, share } from 'rxjs'
import type { Params } from './space.ts'
import type { Summary } from './study.ts'
import type { TrialRecord } from './trial.ts'

/** Every event and its payload. Plugins add theirs by augmenting this interface. */
export interface EventMap {
  /** `total`: the trials that the study will have in all, where `trials` or `until` says so. */
  'study.started': { readonly concurrency: number; readonly total?: number }
  'study.finished': Omit<Summary, 'best'>
  /** A better feasible trial; with several objectives, one that entered the front. */
  'study.improved': { readonly record: TrialRecord }
  'trial.started': { readonly trial: number; readonly params: Params | undefined }
  'trial.reported': { readonly trial: number; readonly step: number; readonly value: number }
  'trial.completed': { readonly trial: number; readonly record: TrialRecord }
  'trial.pruned': { readonly trial: number; readonly record: TrialRecord }
  'trial.failed': { readonly trial: number; readonly record: TrialRecord; readonly error: unknown }
  'ask.abandoned': { readonly trial: number }
  'plugin.failed': { readonly plugin: string; readonly error: unknown }
}
export type EventType = keyof EventMap
type Envelopes = { [K in EventType]: { readonly type: K; readonly study: string; readonly at: number } & EventMap[K] }
/** One event, or a union of several: `StudyEvent<'trial.pruned' | 'trial.failed'>`. `at` is in milliseconds since the epoch. */
export type StudyEvent<K extends EventType = EventType> = Envelopes[K]

/** Lets events of these types pass, and narrows to them. */
export function ofType<K extends EventType>(...types: readonly K[]): OperatorFunction<StudyEvent, StudyEvent<K>> {
  const wanted: ReadonlySet<string> = new Set(types)
  return filter((event): event is StudyEvent<K> => wanted.has(event.type))
}

/**
 * Collects what comes until `ms` milliseconds after the first, or until `most` are there, and passes it on as one array; the rest when the source
 * completes. Unlike `bufferTime`, no timer runs while nothing happens, so an idle study keeps no process alive.
 */
export function inBatches<T>(ms: number, most: number): OperatorFunction<T, T[]> {
  return (source: Observable<T>) => {
    const shared = source.pipe(share())
    const full = shared.pipe(
      scan(count => (count + 1) % most, 0),
      filter(count => count === 0)
    )
    return shared.pipe(
      buffer(merge(shared.pipe(auditTime(ms)), full)),
      filter(batch => batch.length > 0)
    )
  }
}
