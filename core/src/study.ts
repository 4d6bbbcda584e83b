import type { Observable } from 'rxjs'
import type { StudyEvent } from './events.ts'
import type { Direction, Directions, Objective, ObjectiveFunction, Value } from './objective.ts'
import type { Plugin } from './plugin.ts'
import type { Pruner } from './pruners/pruner.ts'
import type { Sampler } from './samplers/sampler.ts'
import type { Params, Space, Suggest } from './space.ts'
import type { StorageFactory, StudyStorage } from './storages/storage.ts'
import type { AskedTrial, Json, Outcome, Trial, TrialOutcome, TrialRecord, TrialState } from './trial.ts'

export interface StudyOptions<D extends Directions = Directions> {
  /** Default `no-name-` and a UUID, as in Optuna. */
  readonly name?: string
  /** Default `minimize`; an array for several objectives. */
  readonly direction?: D
  readonly metricNames?: readonly string[]
  /** Default: in memory. A factory's storage is closed with the study, a storage itself is lent and stays open. */
  readonly storage?: StudyStorage | StorageFactory
  /** Default `samplers.tpe()`; with several directions `samplers.random()`. */
  readonly sampler?: Sampler
  /** Default `pruners.median()`. */
  readonly pruner?: Pruner
  readonly plugins?: readonly Plugin[]
  /** One seed for the whole study, 0 to 2^53 − 1. Stored; on resume the stored one counts, and another one is an error. Default: random, and stored. */
  readonly seed?: number
  /** Default `load`: a study of that name is continued; other directions are an error. */
  readonly ifExists?: 'load' | 'fail'
  /** Default `create`. */
  readonly ifMissing?: 'create' | 'fail'
  /** Milliseconds since the epoch; for tests. Default `Date.now`. */
  readonly clock?: () => number
}

export interface Study<D extends Directions = Directions> extends AsyncDisposable {
  readonly name: string
  readonly direction: D
  readonly seed: number
  /** Hot; never errors; completes when the study closes. What this process does, not other workers. */
  readonly events$: Observable<StudyEvent>
  /** A trial to evaluate: one that exists and waits, or a new one with params drawn from `space`. Rejects with `SPACE_EXHAUSTED` when nothing is left. */
  ask<P>(space: Space<P> | ((suggest: Suggest) => P)): Promise<AskedTrial<P>>
  /** Without a space: draw through the trial, as in Optuna. */
  ask(): Promise<AskedTrial & Suggest>
  /** Ends a trial: with its value, one value per direction, or an outcome. Rejects for a trial that is not running. */
  tell(trial: { readonly number: number } | number, result: Value<D> | Outcome<Value<D>> | TrialOutcome): Promise<TrialRecord>
  // In this order: an objective of two phases that is tried against the other form first loses the tuple type of its values.
  optimize<P>(objective: Objective<P, Value<D>>, options?: OptimizeOptions): Promise<Summary<P, D>>
  optimize(objective: ObjectiveFunction<Value<D>>, options?: OptimizeOptions): Promise<Summary<Params, D>>
  /** Puts params, all or some, at the end of the queue: the next asks take them first. */
  enqueue(params: Params, options?: { readonly skipIfExists?: boolean }): Promise<void>
  trials(state?: TrialState): Promise<readonly TrialRecord[]>
  /**
   * One record at a time, for studies that should not be held in memory at once; waiting trials come last. One that runs may come again when it has
   * finished meanwhile.
   */
  stream(): AsyncIterable<TrialRecord>
  /** The best feasible complete trial, or the Pareto front when there are several directions. */
  best(): Promise<D extends readonly unknown[] ? readonly TrialRecord[] : TrialRecord | undefined>
  readonly attributes: Readonly<Record<string, Json>>
  setAttribute(key: string, value: Json): Promise<void>
  /** Ends a run after the trials in flight. */
  stop(): void
  /** Aborts what runs, closes the plugins in reverse and the storage that the study opened, completes `events$`. */
  close(): Promise<void>
}

export interface OptimizeOptions {
  /** Trials of this call. `until` counts all trials of the study instead, so that a resumed program ends where it would have. */
  readonly trials?: number
  readonly until?: number
  /** This many different evaluations, whatever the sampler repeats; needs the dedup plugin. After 1,000 repeats in a row the space counts as exhausted. */
  readonly unique?: number
  /** Milliseconds for the run; trials in flight finish. */
  readonly timeout?: number
  /** Milliseconds for one trial. */
  readonly trialTimeout?: number
  /** Evaluations under way at a time. Default 1. */
  readonly concurrency?: number
  /** Aborting fails the trials in flight as `aborted` and rejects the run with the signal's reason. */
  readonly signal?: AbortSignal
  /** The same seed and concurrency repeat the run exactly, whatever finishes first. Default false. */
  readonly deterministic?: boolean
  /** What an error thrown by `evaluate` does to the run. Default `throw`, after the trials in flight have settled. */
  readonly onError?: 'throw' | 'continue'
}

export type StopReason = 'trials' | 'timeout' | 'stopped' | 'space-exhausted' | 'converged'
/** The best complete trial of the study, its params as the space returns them. */
export type Best<P> = Omit<TrialRecord, 'params' | 'value'> & { readonly params: P; readonly value: number }

/** What one `optimize` did. */
export interface Summary<P = Params, D extends Directions = Directions> {
  readonly reason: StopReason
  readonly complete: number
  readonly pruned: number
  readonly failed: number
  /** Those among complete and pruned that were not evaluated. */
  readonly reused: number
  readonly best: D extends readonly unknown[] ? readonly (Omit<TrialRecord, 'params'> & { readonly params: P })[] : Best<P> | undefined
}

/** The directions as a list. */
export function directionList(direction: Directions): readonly Direction[] {
  return typeof direction === 'string' ? [direction] : direction
}

/** An objective in either form, seen from inside. */
export type AnyObjective = Objective<unknown, unknown> | ((trial: Trial & Suggest) => unknown)
