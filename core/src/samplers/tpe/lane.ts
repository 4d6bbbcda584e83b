import type { WholeColumn } from '../../history.ts'
import { CategoricalLane } from './categorical-lane.ts'
import type { Dimension } from './dimension.ts'
import { NumericalLane } from './numerical-lane.ts'

export interface KernelOptions {
  /** Weight of the prior beside observations of weight 1. Default 1. */
  readonly priorWeight?: number
  /** Keeps kernels from becoming narrower than the range over min(100, n + 2). Default true. */
  readonly magicClip?: boolean
  /** Lets the outermost kernels reach to the bounds. Default false. */
  readonly endpoints?: boolean
}

/**
 * One parameter's kernels by row, kept from draw to draw: a trial that joins or leaves changes its own kernel and those of its two neighbours
 * (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; the rules are Optuna's).
 */
export interface Lane {
  /** Makes room for so many rows. */
  reserve(rows: number): void
  /** Brings the kernels up to date after trials joined or left. How many there are now limits how narrow a kernel is. */
  settle(count: number): void
  /** A row of the column joins, or a value that is in none. `precedes` says whether a row comes before it. */
  join(row: number, value: number, column: WholeColumn, precedes: (row: number) => boolean): void
  leave(row: number): void
  /** All rows below `rows` that are members join at once; none have before. */
  build(column: WholeColumn, rows: number): void
  /** Rows from `at` on move by one, up to `end`. */
  insert(at: number, end: number): void
  /** A log density that no kernel exceeds anywhere. */
  readonly peak: number
  /** Adds to the first `count` sums the log densities at `value` of the kernels of these rows, which have joined. */
  add(sums: Float64Array, value: number, rows: Int32Array, count: number): void
  /** The log density of the prior at `value`. */
  logPrior(value: number): number
  /** The centre and width of a row's kernel, or its probability of each choice; of the prior without a row. */
  shape(row?: number): readonly number[]
  /** The quantile `q` of a row's kernel, of the prior without a row. */
  quantile(q: number, row?: number): number
}

/** Values are on the kernels' scale, or a choice's index. */
export function laneOf(dimension: Dimension, options: KernelOptions, isMember: (row: number) => boolean): Lane {
  return dimension.kind === 'categorical' ? new CategoricalLane(dimension, options) : new NumericalLane(dimension, options, isMember)
}
