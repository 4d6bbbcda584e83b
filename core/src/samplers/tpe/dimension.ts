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
  /** The outermost values, where they are not logarithmic on the kernels' scale too. */
  readonly first: number
  readonly last: number
  /** Where a range begins that is narrow beside its distance from zero, so that its values keep their digits; 0 for all others. */
  readonly offset: number
  /** A power of two that brings ranges at the edge of what a double holds away from it; 1 for all others. */
  readonly factor: number
}
export interface CategoricalDimension {
  readonly kind: 'categorical'
  readonly choices: number
}

export function dimensionOf(distribution: Distribution): Dimension {
  if (distribution.kind === 'categorical') return { kind: 'categorical', choices: distribution.choices.length }
  const { low, high, kind } = distribution
  const unit = distribution.step ?? (kind === 'int' ? 1 : 0)
  const isNarrow = high - low + unit < narrow * Math.max(Math.abs(low), Math.abs(high))
  // Over a narrow range the logarithm is a straight line, and has no digits left to tell its values apart.
  const log = distribution.log === true && !isNarrow
  const offset = isNarrow ? low : 0
  const factor = log ? 1 : factorFor(low, high, unit)
  const [first, last, step] = [(low - offset) * factor, (high - offset) * factor, unit * factor]
  const scale = log ? Math.log : (value: number) => value
  return { kind: 'numerical', low: scale(first - step / 2), high: scale(last + step / 2), log, step, first, last, offset, factor }
}

const narrow = 1e-9

/** Sums of bounds stay finite, and a hundredth of the range stays above zero. */
function factorFor(low: number, high: number, step: number): number {
  if (!Number.isFinite(Math.abs(low) + Math.abs(high) + step)) return 2 ** -3
  const width = high - low + step
  return width > 0 && width < 1e-305 ? 2 ** 900 : 1
}

/** A value in internal form on the kernels' scale. */
export function toKernelScale(dimension: Dimension, value: number): number {
  if (dimension.kind === 'categorical') return value
  return dimension.log ? Math.log(value) : (value - dimension.offset) * dimension.factor
}

/** A number on the kernels' scale as a value of the parameter: on its grid, half to even as in NumPy, and within its bounds. */
export function toValue({ log, step, first, last, offset, factor }: NumericalDimension, scaled: number): number {
  const value = log ? Math.exp(scaled) : scaled
  const gridded = step === 0 ? value : first + halfToEven((value - first) / step) * step
  return offset + Math.min(Math.max(gridded, first), last) / factor
}
