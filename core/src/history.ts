import type { Direction } from './objective.ts'
import type { RandomStream } from './random-stream.ts'
import type { SpaceTable } from './space.ts'
import type { TrialRecord, TrialState } from './trial.ts'

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
  /** One parameter of all finished trials in the order of numbers: values in internal form (a categorical is its index), and the positions that sort them. */
  column(name: string): { readonly numbers: Int32Array; readonly values: Float64Array; readonly sorted: Int32Array }
  /**
   * All finished trials in the order of numbers: first values (NaN where there is none), states (1 complete, 2 pruned, 3 failed), sums of violated
   * constraints, last reported steps (−1 where there is none).
   */
  outcomes(): {
    readonly numbers: Int32Array
    readonly values: Float64Array
    readonly states: Float64Array
    readonly violations: Float64Array
    readonly steps: Float64Array
  }
  /** What complete trials that were evaluated, not reused, reported at a step. */
  reports(step: number): { readonly numbers: Int32Array; readonly values: Float64Array }
  /** How many complete trials were evaluated, not reused. */
  evaluated(): number
  /** Every trial but waiting ones; one that counts as running shows its params and no outcome. */
  trials(state?: TrialState): Iterable<TrialRecord>
}
