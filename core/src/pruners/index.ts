import { median } from './median.ts'
import { none } from './none.ts'
import { percentile } from './percentile.ts'

/** The pruners, grouped as in Optuna. */
export const pruners: { readonly none: typeof none; readonly median: typeof median; readonly percentile: typeof percentile } = {
  none,
  median,
  percentile
}
