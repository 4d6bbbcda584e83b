import { toInternal } from './distributions.ts'
import { halfToEven } from './rounding.ts'
import type { CategoricalDistribution, Distribution, FloatDistribution, IntDistribution, Params, ParamValue, SpaceTable } from './space.ts'

export interface TransformOptions {
  /** Logarithms of `log` parameters. Default true. */
  readonly log?: boolean
  /** Half a step more on both sides of a grid, so that its outermost values are as likely as the others. Default true. */
  readonly step?: boolean
  /** Everything in [0, 1]; a parameter with one value is 0.5. Default false. */
  readonly unit?: boolean
}

type Numerical = FloatDistribution | IntDistribution

/**
 * A search space as a box of real numbers, and its params as points in it, for samplers that compute with vectors. Parameters keep the order of
 * the table; a categorical has one column per choice, 1 for the chosen one. The rules are Optuna's.
 */
export class SearchSpaceTransform {
  /** The columns of each parameter. */
  readonly columns: readonly (readonly number[])[]
  readonly #entries: readonly (readonly [name: string, distribution: Distribution])[]
  readonly #raw: readonly (readonly [low: number, high: number])[]
  readonly #log: boolean
  readonly #unit: boolean

  /** Throws nothing; a table without parameters has a box without dimensions. */
  constructor(space: SpaceTable, { log = true, step = true, unit = false }: TransformOptions = {}) {
    this.#entries = Object.entries(space)
    this.#log = log
    this.#unit = unit
    const raw: (readonly [number, number])[] = []
    const columns: (readonly number[])[] = []
    for (const [, distribution] of this.#entries) {
      const first = raw.length
      if (distribution.kind === 'categorical') for (const _ of distribution.choices) raw.push([0, 1])
      else raw.push(boundsOf(distribution, log, step))
      columns.push(Array.from({ length: raw.length - first }, (_, i) => first + i))
    }
    this.columns = columns
    this.#raw = raw
  }

  /** Lower and upper bound of each column. */
  get bounds(): readonly (readonly [low: number, high: number])[] {
    return this.#unit ? this.#raw.map(() => [0, 1] as const) : this.#raw
  }

  /** The point of params that have all parameters of the space. */
  transform(params: Params): Float64Array {
    const point = new Float64Array(this.#raw.length)
    for (const [i, [name, distribution]] of this.#entries.entries()) {
      const [first] = this.columns[i] as [number]
      const value = toInternal(distribution, params[name] as ParamValue)
      if (distribution.kind === 'categorical') point[first + value] = 1
      else point[first] = distribution.log && this.#log ? Math.log(value) : value
    }
    if (this.#unit)
      for (const [at, [low, high]] of this.#raw.entries()) point[at] = low === high ? 0.5 : ((point[at] as number) - low) / (high - low)
    return point
  }

  /** The params of a point: within their bounds and on their grids, a categorical the choice of its largest column. */
  untransform(point: ArrayLike<number>): Params {
    const params: Record<string, ParamValue> = {}
    for (const [i, [name, distribution]] of this.#entries.entries()) {
      const columns = this.columns[i] as readonly number[]
      if (distribution.kind === 'categorical') params[name] = largest(distribution, columns, point)
      else params[name] = unscaled(distribution, this.#rawAt(columns[0] as number, point), this.#log)
    }
    return params
  }

  #rawAt(column: number, point: ArrayLike<number>): number {
    const value = point[column] as number
    if (!this.#unit) return value
    const [low, high] = this.#raw[column] as readonly [number, number]
    return low + value * (high - low)
  }
}

function boundsOf(distribution: Numerical, transformLog: boolean, transformStep: boolean): readonly [number, number] {
  const { low, high, kind, log = false } = distribution
  const half = transformStep ? 0.5 * (distribution.step ?? (kind === 'int' ? 1 : 0)) : 0
  return log && transformLog ? [Math.log(low - half), Math.log(high + half)] : [low - half, high + half]
}

function largest({ choices }: CategoricalDistribution, columns: readonly number[], point: ArrayLike<number>): ParamValue {
  let best = 0
  for (let i = 1; i < columns.length; i++)
    if ((point[columns[i] as number] as number) > (point[columns[best] as number] as number)) best = i
  return choices[best] as ParamValue
}

function unscaled(distribution: Numerical, raw: number, transformLog: boolean): number {
  const { kind, low, high, log = false } = distribution
  const value = log && transformLog ? Math.exp(raw) : raw
  if (kind === 'int') {
    if (log) return transformLog ? clamped(halfToEven(value), low, high) : Math.trunc(value)
    const step = distribution.step ?? 1
    return clamped(Math.floor((value - low) / step + 0.5) * step + low, low, high)
  }
  if (distribution.step !== undefined) return clamped(halfToEven((value - low) / distribution.step) * distribution.step + low, low, high)
  // The upper bound itself is out of reach where there are others, as in Optuna.
  if (low === high) return value
  return log ? clamped(value, low, below(high)) : Math.min(value, below(high))
}

function clamped(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high)
}

/** The next smaller double; the value itself where doubles are more than 1 apart, as in Optuna. */
function below(value: number): number {
  if (value - 1 === value) return value
  if (value === 0) return -Number.MIN_VALUE
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  bits.setBigInt64(0, bits.getBigInt64(0) + (value > 0 ? -1n : 1n))
  return bits.getFloat64(0)
}
