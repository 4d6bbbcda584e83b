import type { Sorted } from './column.ts'
import type { Direction } from './objective.ts'
import type { RandomStream } from './random-stream.ts'
import type { SpaceTable } from './space.ts'
import type { TrialRecord, TrialState } from './trial.ts'

/** One parameter's values by row, in the order of trial numbers. */
export interface HistoryColumn {
  readonly numbers: Int32Array
  /** In internal form: a categorical is its index. */
  readonly values: Float64Array
  /** For what is derived from a column and kept from trial to trial. */
  readonly whole: WholeColumn
}

/** A column with the rows beyond a view, which whoever reads it must pass over. */
export interface WholeColumn {
  readonly numbers: Int32Array
  readonly values: Float64Array
  readonly sorted: Sorted
  /** The same object for the same column of a study. */
  readonly source: object
  /** Rows that were put in before others, which moved these on by one, time after time: trials that ended after later ones. */
  readonly inserted: readonly number[]
}

/** How finished trials ended, by row, in the order of trial numbers. */
export interface HistoryOutcomes {
  readonly numbers: Int32Array
  /** First values, NaN where there is none. */
  readonly values: Float64Array
  /** 1 complete, 2 pruned, 3 failed. */
  readonly states: Float64Array
  /** Sums of violated constraints, 0 when feasible. */
  readonly violations: Float64Array
  /** Last reported steps, −1 where there is none. */
  readonly steps: Float64Array
  /** Rows by ascending value, equal ones by number, NaN last. Rows beyond this view are among them, and must be passed over. */
  readonly order: Int32Array
}

/** Reports at one step by row, in the order of trial numbers. */
export interface HistoryReports {
  readonly numbers: Int32Array
  readonly values: Float64Array
  /** Rows by ascending value, as of `HistoryOutcomes`. */
  readonly order: Int32Array
}

/** What is known when a decision is taken: a view that grows with the study and is never copied per trial. */
export interface History {
  readonly study: string
  readonly trial: number
  /** Counts the draws of this trial that were rejected, by `where` or by a plugin. */
  readonly attempt: number
  readonly directions: readonly Direction[]
  /** A stream that depends on the study's seed, this trial's number, the attempt and the purpose only. */
  random(purpose: string): RandomStream
  /** Distributions common to all complete (and pruned) trials. */
  space(options?: { readonly pruned?: boolean }): SpaceTable
  /** One parameter of the complete and pruned trials that have it. */
  column(name: string): HistoryColumn
  /** All finished trials. */
  outcomes(): HistoryOutcomes
  /** What complete trials that were evaluated, not reused, reported at a step. */
  reports(step: number): HistoryReports
  /** How many complete trials were evaluated, not reused. */
  evaluated(): number
  /** Every trial but waiting ones; one that counts as running shows its params and no outcome. */
  trials(state?: TrialState): Iterable<TrialRecord>
  /** One of them; undefined where there is none of that number. */
  record(number: number): TrialRecord | undefined
}
