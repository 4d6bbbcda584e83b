import { type Dimension, toKernelScale, toValue } from './dimension.ts'
import { type KernelOptions, type Kernels, kernelsOf } from './kernels.ts'
import { observationWeights } from './weights.ts'

/** Observations of one parameter: internal values on the kernels' scale, from the oldest trial to the newest, and what sorts them. */
export interface Observed {
  readonly dimension: Dimension
  readonly values: Float64Array
  readonly order?: Int32Array
}

const blockSize = 256

/** A Parzen estimator: for each observation the product of its parameters' kernels, and the prior, in a weighted mixture. */
export class Mixture {
  /** One more than there are observations: the prior is the last component. */
  readonly size: number
  /** Sum to 1. */
  readonly weights: Float64Array
  readonly #observed: readonly Observed[]
  readonly #kernels: readonly Kernels[]
  readonly #logWeights: Float64Array
  readonly #sums = new Float64Array(blockSize)

  /** `weights` of the observations; default: the newest 25 alike, older ones less. */
  constructor(observed: readonly Observed[], options: KernelOptions = {}, weights?: Float64Array) {
    const count = observed[0]?.values.length ?? 0
    this.size = count + 1
    this.#observed = observed
    this.#kernels = observed.map(({ dimension, values, order }) => kernelsOf(dimension, values, options, order))
    this.weights = normalized(weights ?? observationWeights(count), options.priorWeight ?? 1)
    this.#logWeights = this.weights.map(Math.log)
  }

  /** The log density of a point, whose values are on the kernels' scale. */
  logDensity(point: Float64Array): number {
    let sum = Number.NEGATIVE_INFINITY
    for (let to = this.size; to > 0; to -= blockSize) sum = logSum(sum, this.logDensityOf(point, Math.max(to - blockSize, 0), to))
    return sum
  }

  /** The same of the components `from` to `to` alone, at most 256. */
  logDensityOf(point: Float64Array, from: number, to: number): number {
    const sums = this.#sums
    const logWeights = this.#logWeights
    for (let k = from; k < to; k++) sums[k - from] = logWeights[k] as number
    for (let d = 0; d < this.#kernels.length; d++) (this.#kernels[d] as Kernels).add(sums, point[d] as number, from, to)
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < to - from; i++) if ((sums[i] as number) > largest) largest = sums[i] as number
    if (largest === Number.NEGATIVE_INFINITY) return largest
    let sum = 0
    for (let i = 0; i < to - from; i++) sum += Math.exp((sums[i] as number) - largest)
    return largest + Math.log(sum)
  }

  /** A component, drawn by its weight from `q`, uniform in [0, 1). */
  component(q: number): number {
    let sum = 0
    for (let k = 0; k < this.size; k++) {
      sum += this.weights[k] as number
      if (q < sum) return k
    }
    return this.size - 1
  }

  /** A point of one component, from one uniform number per parameter: values of the parameters in internal form. */
  sample(component: number, uniform: (parameter: number) => number): Float64Array {
    const point = new Float64Array(this.#observed.length)
    for (const [d, { dimension }] of this.#observed.entries()) {
      const drawn = (this.#kernels[d] as Kernels).quantile(component, uniform(d))
      point[d] = dimension.kind === 'numerical' ? toValue(dimension, drawn) : drawn
    }
    return point
  }

  /** Internal values on the kernels' scale. */
  scaled(point: Float64Array): Float64Array {
    return point.map((value, d) => toKernelScale((this.#observed[d] as Observed).dimension, value))
  }
}

/** log(exp(a) + exp(b)). */
export function logSum(a: number, b: number): number {
  const large = Math.max(a, b)
  return large === Number.NEGATIVE_INFINITY ? large : large + Math.log1p(Math.exp(Math.min(a, b) - large))
}

function normalized(weights: Float64Array, prior: number): Float64Array {
  const all = new Float64Array(weights.length + 1)
  all.set(weights)
  all[weights.length] = weights.length === 0 ? 1 : prior
  let sum = 0
  for (const weight of all) sum += weight
  return all.map(weight => weight / sum)
}
