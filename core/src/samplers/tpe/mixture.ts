import { Arena } from './arena.ts'
import { toKernelScale, toValue } from './dimension.ts'
import { type KernelOptions, type Kernels, kernelsOf, type Observed } from './kernels.ts'
import { logSum } from './normal.ts'
import { observationWeights } from './weights.ts'

/** Components that are summed at a time. */
export const blockSize = 256

/** A Parzen estimator: for each observation the product of its parameters' kernels, and the prior, in a weighted mixture. */
export class Mixture {
  /** One more than there are observations: the prior is the last component. */
  readonly size: number
  /** Sum to 1. */
  readonly weights: Float64Array
  readonly #observed: readonly Observed[]
  readonly #kernels: readonly Kernels[]
  readonly #sums: Float64Array

  /** `weights` of the observations; default: the newest 25 alike, older ones less. The mixture lives no longer than its arena's contents. */
  constructor(observed: readonly Observed[], options: KernelOptions = {}, weights?: Float64Array, arena: Arena = new Arena()) {
    const count = observed[0]?.values.length ?? 0
    this.size = count + 1
    this.#observed = observed
    this.#kernels = observed.map(each => kernelsOf(each, options, arena))
    this.weights = arena.floats(count + 1)
    if (weights) this.weights.set(weights)
    else observationWeights(this.weights.subarray(0, count))
    this.weights[count] = count === 0 ? 1 : (options.priorWeight ?? 1)
    normalize(this.weights)
    this.#sums = arena.floats(blockSize)
  }

  /** The log density of a point, whose values are on the kernels' scale. */
  logDensity(point: Float64Array): number {
    let sum = Number.NEGATIVE_INFINITY
    for (let to = this.size; to > 0; to -= blockSize) sum = logSum(sum, this.logDensityOf(point, Math.max(to - blockSize, 0), to))
    return sum
  }

  /** The same of the components `from` to `to` alone, at most 256. */
  logDensityOf(point: Float64Array, from: number, to: number): number {
    const { weights } = this
    const sums = this.#sums.fill(0, 0, to - from)
    for (let d = 0; d < this.#kernels.length; d++) (this.#kernels[d] as Kernels).add(sums, point[d] as number, from, to)
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < to - from; i++) largest = Math.max(largest, sums[i] as number)
    if (largest === Number.NEGATIVE_INFINITY) return largest
    let sum = 0
    for (let i = 0; i < to - from; i++) sum += (weights[from + i] as number) * Math.exp((sums[i] as number) - largest)
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

function normalize(weights: Float64Array): void {
  let sum = 0
  for (let i = 0; i < weights.length; i++) sum += weights[i] as number
  for (let i = 0; i < weights.length; i++) weights[i] = (weights[i] as number) / sum
}
