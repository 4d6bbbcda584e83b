import type { Direction } from '../objective.ts'
import type { Params, SpaceTable } from '../space.ts'
import type { Json, Report, TrialOutcome, TrialRecord } from '../trial.ts'

export interface StudySpec {
  readonly name: string
  readonly directions: readonly Direction[]
  readonly metricNames?: readonly string[]
  readonly attributes?: Readonly<Record<string, Json>>
  readonly systemAttributes?: Readonly<Record<string, Json>>
}
export interface NewTrial {
  readonly state: 'running' | 'waiting'
  readonly params?: Params
  readonly distributions?: SpaceTable
  readonly attributes?: Readonly<Record<string, Json>>
  readonly systemAttributes?: Readonly<Record<string, Json>>
  /** Given: stored as finished at once (import, copy). */
  readonly end?: TrialEnd
}
/** What is added to a trial that is still running. */
export interface TrialChange {
  readonly params?: Params
  readonly distributions?: SpaceTable
  readonly reports?: readonly Report[]
  readonly attributes?: Readonly<Record<string, Json>>
  readonly systemAttributes?: Readonly<Record<string, Json>>
}
/** How a trial ends, with what was not stored before. Reports and constraints of the outcome are stored too. */
export interface TrialEnd {
  readonly outcome: TrialOutcome
  readonly params?: Params
  readonly distributions?: SpaceTable
  readonly attributes?: Readonly<Record<string, Json>>
  readonly systemAttributes?: Readonly<Record<string, Json>>
}
/** Opaque: where a reader stands. */
export type Cursor = unknown

/**
 * Holds trials. What every storage promises, and the shared suite checks:
 * numbers are dense and never reused; a finished trial never changes; a waiting trial has one winner; a running trial is
 * finished once, later calls reject; what a resolved call wrote is there after the process is killed.
 */
export interface StudyStorage extends AsyncDisposable {
  /** Creates the study, or loads the one of that name: resolves with what is stored. Rejects with `STUDY_EXISTS` under `fail`. */
  open(spec: StudySpec, ifExists: 'load' | 'fail'): Promise<StudySpec>
  studies(): Promise<readonly StudySpec[]>
  remove(study: string): Promise<void>
  /** Appends as number `at`, in one transaction with its params; undefined when another worker took that number. Without `at`: as the next number. */
  create(study: string, trial: NewTrial, at?: number): Promise<TrialRecord | undefined>
  /** A trial that a dead worker left running, lowest number first, else the next waiting one; each has one winner. */
  take(study: string): Promise<TrialRecord | undefined>
  waiting(study: string): Promise<readonly TrialRecord[]>
  /** Adds to a running trial; rejects with `TRIAL_NOT_RUNNING` for any other. The first value of a param or a report's step stands. */
  update(study: string, trial: number, change: TrialChange): Promise<void>
  /** Ends a running trial; rejects with `TRIAL_NOT_RUNNING` for any other. */
  finish(study: string, trial: number, end: TrialEnd): Promise<TrialRecord>
  /** Every trial created since the cursor or unfinished at it; may repeat an unchanged one, never misses a finished one; waiting trials are not included. */
  read(study: string, since?: Cursor, limit?: number): Promise<{ readonly trials: readonly TrialRecord[]; readonly cursor: Cursor }>
  setAttributes(study: string, attributes: Readonly<Record<string, Json>>, options?: { readonly system?: boolean }): Promise<void>
}

/** A storage that the study opens itself, and therefore also closes. */
export type StorageFactory = () => StudyStorage | Promise<StudyStorage>
