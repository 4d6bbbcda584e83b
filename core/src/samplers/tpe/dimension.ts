import { halfToEven } from '../../rounding.ts'
import type { Distribution } from '../../space.ts'

/** One parameter as kernels see it. Numbers are on the kernels' scale, which is logarithmic for `log`. */
export type Dimension = NumericalDimension | CategoricalDimension
export interface NumericalDimension {
  readonly kind: 'numerical'
  /** Bounds of the kernels; half a step beyond the outermost values of a grid. */
  readonly low: number
  readonly high: number
  readonly log: boolean
  /** 0 where values are continuous. */
  readonly step: number
  /** The outermost values themselves. */
  readonly first: number
  readonly last: number
}
export interface CategoricalDimension {
  readonly kind: 'categorical'
  readonly choices: number
}

export function dimensionOf(distribution: Distribution): Dimension {
  if (distribution.kind === 'categorical') return { kind: 'categorical', choices: distribution.choices.length }
  const { low: first, high: last, kind, log = false } = distribution
  const step = distribution.step ?? (kind === 'int' ? 1 : 0)
  const scale = log ? Math.log : (value: number) => value
  return { kind: 'numerical', low: scale(first - step / 2), high: scale(last + step / 2), log, step, first, last }
}

/** A value in internal form on the kernels' scale. */
export function toKernelScale(dimension: Dimension, value: number): number {
  return dimension.kind === 'numerical' && dimension.log ? Math.log(value) : value
}

/** A number on the kernels' scale as a value of the parameter: on its grid, half to even as in NumPy, and within its bounds. */
export function toValue({ log, step, first, last }: NumericalDimension, scaled: number): number {
  const value = log ? Math.exp(scaled) : scaled
  const gridded = step === 0 ? value : first + halfToEven((value - first) / step) * step
  return Math.min(Math.max(gridded, first), last)
}
