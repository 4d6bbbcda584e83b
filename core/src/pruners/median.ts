import { type PercentileOptions, percentilePruner } from './percentile.ts'
import type { Pruner } from './pruner.ts'

/**
 * Prunes a trial whose best intermediate value is worse than the median of what complete trials reported at the same step
 * (Golovin et al., "Google Vizier", KDD 2017, §3.2.2; the rule is Optuna's).
 */
export function median(options: PercentileOptions = {}): Pruner {
  return percentilePruner('median', 50, options)
}
