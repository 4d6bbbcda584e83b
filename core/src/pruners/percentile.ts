import { problem } from '../errors.ts'
import type { HistoryReports } from '../history.ts'
import type { Direction } from '../objective.ts'
import { assertKnown } from '../options.ts'
import type { Report } from '../trial.ts'
import type { Pruner } from './pruner.ts'

export interface PercentileOptions {
  /** No pruning before this many complete trials were evaluated. Default 5. */
  readonly startupTrials?: number
  /** No pruning before this step. Default 0. */
  readonly warmupSteps?: number
  /** Steps between two decisions, counted from the end of the warm-up. Default 1. */
  readonly interval?: number
  /** No pruning at a step that fewer complete trials reported. Default 1. */
  readonly minTrials?: number
}

/**
 * Prunes a trial whose best intermediate value is not among the best `percent` of a hundred that complete trials reported at the same step; 25
 * keeps the best quarter (Optuna's rule, from Golovin et al., "Google Vizier", KDD 2017, §3.2.2). Throws `StudyError` for options out of range.
 */
export function percentile(percent: number, options: PercentileOptions = {}): Pruner {
  if (!(percent >= 0 && percent <= 100)) throw problem('OPTION', 'percent', 'a number from 0 to 100', percent)
  return percentilePruner('percentile', percent, options)
}

/** The pruner of that name; the median is the percentile 50. */
export function percentilePruner(name: string, percent: number, options: PercentileOptions): Pruner {
  assertKnown(`pruners.${name}`, options, ['startupTrials', 'warmupSteps', 'interval', 'minTrials'])
  const { startupTrials = 5, warmupSteps = 0, interval = 1, minTrials = 1 } = options
  assertCount('startupTrials', startupTrials, 0)
  assertCount('warmupSteps', warmupSteps, 0)
  assertCount('interval', interval, 1)
  assertCount('minTrials', minTrials, 1)
  return {
    name,
    shouldPrune({ reports }, history) {
      const evaluated = history.evaluated()
      if (evaluated === 0 || evaluated < startupTrials) return false
      const step = lastStep(reports)
      if (step === undefined || step < warmupSteps || !opensInterval(step, reports, warmupSteps, interval)) return false
      const maximize = history.directions[0] === 'maximize'
      const best = bestReport(reports, maximize ? 'maximize' : 'minimize')
      if (Number.isNaN(best)) return true
      const known = history.reports(step)
      if (known.values.length < minTrials) return false
      const limit = percentileOf(known, maximize ? 100 - percent : percent)
      return maximize ? best < limit : best > limit
    }
  }
}

function assertCount(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw problem('OPTION', name, `a whole number >= ${least}`, value)
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

/**
 * The percentile with linear interpolation, NaN left out, computed as NumPy does to the last bit. NaN, which compares as not worse, where nothing
 * is left or where it lies beside an infinity.
 */
function percentileOf({ values, order }: HistoryReports, percent: number): number {
  const rows = order.length === values.length ? order : order.filter(row => row < values.length)
  let count = rows.length
  while (count > 0 && Number.isNaN(values[rows[count - 1] as number])) count--
  const valueAt = (place: number): number => values[rows[place] ?? -1] ?? Number.NaN
  const at = (count - 1) * (percent / 100)
  const below = Math.floor(at)
  const low = valueAt(below)
  const high = valueAt(Math.min(below + 1, count - 1))
  const share = at - below
  return share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share)
}
