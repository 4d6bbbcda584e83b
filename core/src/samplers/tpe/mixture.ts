import type { Densities } from './best-candidate.ts'
import { toKernelScale, toValue } from './dimension.ts'
import { blockSize, type Group, type Observed } from './group.ts'
import { type BlockKernels, type KernelOptions, type Kernels, kernelsOf } from './kernels.ts'
import { logSum } from './normal.ts'
import { observationWeights, type Weights } from './weights.ts'

/** Components that are prepared and summed together. */
interface Block {
  readonly weights: Float64Array
  readonly kernels: readonly BlockKernels[]
}

/**
 * A Parzen estimator: for each observation the product of its parameters' kernels, and the prior, in a weighted mixture. Blocks of components are
 * prepared when they are first needed: the first holds the newest observations and the prior.
 */
export class Mixture implements Densities {
  /** One more than there are observations: the prior is the last component, the oldest observation the first. */
  readonly size: number
  readonly blocks: number
  readonly #group: Group
  readonly #kernels: readonly Kernels[]
  readonly #weights: Weights
  readonly #priorWeight: number
  readonly #prepared: Block[] = []
  readonly #sums = new Float64Array(blockSize + 1)

  /** `weights` of the observations; default: the newest 25 alike, older ones less. */
  constructor(group: Group, options: KernelOptions = {}, weights: Weights = observationWeights(group.count)) {
    this.size = group.count + 1
    this.blocks = Math.max(Math.ceil(group.count / blockSize), 1)
    this.#group = group
    this.#kernels = group.observed.map((_, parameter) => kernelsOf(group, parameter, options))
    this.#weights = weights
    this.#priorWeight = group.count === 0 ? 1 : (options.priorWeight ?? 1)
  }

  /** The weight of a component; all sum to 1. */
  weight(component: number): number {
    const own = component === this.size - 1 ? this.#priorWeight : this.#weights.of(component)
    return own / (this.#weights.sum + this.#priorWeight)
  }

  /** The log density of a point, whose values are on the kernels' scale. */
  logDensity(point: Float64Array): number {
    let sum = Number.NEGATIVE_INFINITY
    for (let block = 0; block < this.blocks; block++) sum = logSum(sum, this.logDensityOf(block, point))
    return sum
  }

  logDensityOf(block: number, point: Float64Array): number {
    const { weights, kernels } = this.#block(block)
    const count = weights.length
    const sums = this.#sums.fill(0, 0, count)
    for (let d = 0; d < kernels.length; d++) (kernels[d] as BlockKernels).add(sums, point[d] as number)
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < count; i++) largest = Math.max(largest, sums[i] as number)
    if (largest === Number.NEGATIVE_INFINITY) return largest
    let sum = 0
    for (let i = 0; i < count; i++) sum += (weights[i] as number) * Math.exp((sums[i] as number) - largest)
    return largest + Math.log(sum)
  }

  /** A component, drawn by its weight from `q`, uniform in [0, 1). */
  component(q: number): number {
    let sum = 0
    for (let k = 0; k < this.size; k++) {
      sum += this.weight(k)
      if (q < sum) return k
    }
    return this.size - 1
  }

  /** A point of one component, from one uniform number per parameter: values of the parameters in internal form. */
  sample(component: number, uniform: (parameter: number) => number): Float64Array {
    const isPrior = component === this.size - 1
    // Within the blocks the newest come first, and the prior stands at the end of the first block.
    const place = isPrior ? 0 : this.size - 2 - component
    const { weights, kernels } = this.#block(Math.floor(place / blockSize))
    const kernel = isPrior ? weights.length - 1 : place % blockSize
    return Float64Array.from(kernels, (of, parameter) => {
      const { dimension } = this.#group.observed[parameter] as Observed
      const drawn = of.quantile(kernel, uniform(parameter))
      return dimension.kind === 'numerical' ? toValue(dimension, drawn) : drawn
    })
  }

  /** Internal values on the kernels' scale. */
  scaled(point: Float64Array): Float64Array {
    return point.map((value, parameter) => toKernelScale((this.#group.observed[parameter] as Observed).dimension, value))
  }

  #block(index: number): Block {
    const known = this.#prepared[index]
    if (known) return known
    const rows = this.#group.block(index)
    const withPrior = index === 0
    const weights = new Float64Array(rows.length + (withPrior ? 1 : 0))
    const newest = this.size - 2 - index * blockSize
    for (let i = 0; i < rows.length; i++) weights[i] = this.weight(newest - i)
    if (withPrior) weights[rows.length] = this.weight(this.size - 1)
    const block = { weights, kernels: this.#kernels.map(kernels => kernels(rows, withPrior)) }
    this.#prepared[index] = block
    return block
  }
}
