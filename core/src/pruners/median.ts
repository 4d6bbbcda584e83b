import { StudyError, sentences } from '../errors.ts'
import type { Direction } from '../objective.ts'
import type { Report } from '../trial.ts'
import type { Pruner } from './pruner.ts'

export interface MedianOptions {
  /** No pruning before this many complete trials were evaluated. Default 5. */
  readonly startupTrials?: number
  /** No pruning before this step. Default 0. */
  readonly warmupSteps?: number
  /** Steps between two decisions, counted from the end of the warm-up. Default 1. */
  readonly interval?: number
}

/**
 * Prunes a trial whose best intermediate value is worse than the median of what complete trials reported at the same step
 * (Golovin et al., "Google Vizier", KDD 2017, §3.2.2; the rule is Optuna's).
 */
export function median(options: MedianOptions = {}): Pruner {
  const { startupTrials = 5, warmupSteps = 0, interval = 1 } = options
  assertCount('startupTrials', startupTrials, 0)
  assertCount('warmupSteps', warmupSteps, 0)
  assertCount('interval', interval, 1)
  return {
    name: 'median',
    shouldPrune({ reports }, history) {
      const evaluated = history.evaluated()
      if (evaluated === 0 || evaluated < startupTrials) return false
      const step = lastStep(reports)
      if (step === undefined || step < warmupSteps || !opensInterval(step, reports, warmupSteps, interval)) return false
      const direction = history.directions[0] ?? 'minimize'
      const best = bestReport(reports, direction)
      if (Number.isNaN(best)) return true
      const middle = percentile(history.reports(step).values, 50)
      return direction === 'maximize' ? best < middle : best > middle
    }
  }
}

function assertCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw new StudyError('OPTION', sentences.OPTION(name, `a whole number >= ${least}`, value))
}

function lastStep(reports: readonly Report[]): number | undefined {
  let last: number | undefined
  for (const { step } of reports) if (last === undefined || step > last) last = step
  return last
}

/** Whether `step` is the first that was reported in its interval. */
function opensInterval(step: number, reports: readonly Report[], warmupSteps: number, interval: number): boolean {
  const start = Math.floor((step - warmupSteps) / interval) * interval + warmupSteps
  let before = -1
  for (const report of reports) if (report.step !== step && report.step > before) before = report.step
  return before < start
}

/** The best value that is not NaN; NaN where there is none. */
function bestReport(reports: readonly Report[], direction: Direction): number {
  let best = Number.NaN
  for (const { value } of reports)
    if (!Number.isNaN(value) && (Number.isNaN(best) || (direction === 'maximize' ? value > best : value < best))) best = value
  return best
}

/** The percentile with linear interpolation, NaN left out; NaN where nothing is left, which compares as not worse. */
function percentile(values: Float64Array, percent: number): number {
  const sorted = values.filter(value => !Number.isNaN(value)).sort()
  if (sorted.length === 0) return Number.NaN
  const at = ((sorted.length - 1) * percent) / 100
  const below = Math.floor(at)
  const low = sorted[below] as number
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number
  // Two equal infinities have no difference, but a middle.
  return low === high ? low : low + (high - low) * (at - below)
}
