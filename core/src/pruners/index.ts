import { median } from './median.ts'
import { none } from './none.ts'

/** The pruners, grouped as in Optuna. */
export const pruners: { readonly none: typeof none; readonly median: typeof median } = { none, median }
