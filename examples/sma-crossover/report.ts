import type { Figures } from './figures.ts'
import type { StrategyParams } from './strategy.ts'

/** Result of a run: the closing table shows it, and `--json` prints it as it is. Times are milliseconds, shares are fractions. */
export interface Report {
  /** All symbols; `from` is the date from which the best params can trade one, absent when never (or when there are none). */
  readonly symbols: readonly { readonly symbol: string; readonly from?: string }[]
  readonly seed: number
  readonly lanes: number
  /** First and last date of each period. */
  readonly periods: { readonly inSample: Dates; readonly outOfSample: Dates }
  /** Absent while no trial is completed. */
  readonly best?: { readonly number: number; readonly params: StrategyParams } & Result
  readonly hold: Result
  /** Of the completed trials that have an interval, how many have one that reaches the best value. */
  readonly intervals?: { readonly reaching: number; readonly of: number }
  readonly trials: TrialCounts
  readonly time: TimeSpent
  /** In the order of the lines; absent when the caches are off. */
  readonly caches?: readonly CacheUse[]
  readonly files: readonly FileUse[]
  /** The command that goes on; absent when nothing is left to go on with. */
  readonly resume?: string
}

export interface Dates {
  readonly from: string
  readonly to: string
}

/** Both periods of one way to invest. */
export interface Result {
  readonly inSample: Figures
  readonly outOfSample: Figures
  /** 5 % and 95 % quantiles of the in-sample Sharpe ratio. */
  readonly interval?: { readonly lo: number; readonly hi: number }
}

/** Trials of the study, each counted once. */
export interface TrialCounts {
  /** All of them; what the other counts leave over is unfinished. */
  readonly total: number
  /** How many the run was to reach, when it ended before. */
  readonly wanted?: number
  /** Evaluated to the end. */
  readonly completed: number
  /** Evaluated until the pruner stopped them. */
  readonly pruned: number
  /** Answered from an earlier trial with the same params, whichever way that one ended. */
  readonly reused: number
  readonly failed: number
  /** Draws that `where` did not accept; absent when not counted. */
  readonly rejected?: number
}

/** Where the time of a run went. */
export interface TimeSpent {
  /** On the clock, from the first ask to the last tell. */
  readonly wholeMs: number
  /** In the order of the line. What they leave of the whole is printed as `other`. */
  readonly parts: readonly { readonly name: string; readonly ms: number }[]
}

/** What one cache did in this run. */
export interface CacheUse {
  readonly name: string
  readonly hits: number
  readonly misses: number
  /** Callers that waited for a load already under way. */
  readonly joined: number
  readonly savedMs: number
}

/** A file, or a directory of `files` files, that the run leaves behind. */
export interface FileUse {
  readonly path: string
  readonly bytes: number
  readonly files?: number
}
