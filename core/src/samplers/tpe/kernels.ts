import type { Arena } from './arena.ts'
import type { CategoricalDimension, Dimension, NumericalDimension } from './dimension.ts'
import { GridKernels } from './grid-kernels.ts'
import { logDensity, logShare, truncatedQuantile } from './normal.ts'

export interface KernelOptions {
  /** Weight of the prior beside observations of weight 1. Default 1. */
  readonly priorWeight?: number
  /** Keeps kernels from becoming narrower than the range over min(100, n + 2). Default true. */
  readonly magicClip?: boolean
  /** Lets the outermost kernels reach to the bounds. Default false. */
  readonly endpoints?: boolean
}

/** The kernels of one parameter: one per observation, the prior last. */
export interface Kernels {
  /** Adds each kernel's log density at `value` (kernels' scale, or a choice's index) to `sums`, for kernels `from` to `to`. */
  add(sums: Float64Array, value: number, from: number, to: number): void
  /** The quantile `q` of one kernel, on the kernels' scale, or a choice's index. */
  quantile(kernel: number, q: number): number
}

/** Observations of one parameter: internal values on the kernels' scale, from the oldest trial to the newest, and the positions that sort them. */
export interface Observed {
  readonly dimension: Dimension
  readonly values: Float64Array
  readonly order?: Int32Array
}

/** Kernels around observations (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; the rules are Optuna's). */
export function kernelsOf({ dimension, values, order }: Observed, options: KernelOptions, arena: Arena): Kernels {
  if (dimension.kind === 'categorical') return new CategoricalKernels(dimension, values, options.priorWeight ?? 1)
  const mus = arena.floats(values.length + 1)
  mus.set(values)
  mus[values.length] = 0.5 * (dimension.low + dimension.high)
  const sigmas = widths(dimension, values, options, order ?? sortedOrder(values), arena.floats(values.length + 1))
  return dimension.step === 0 ? new ContinuousKernels(dimension, mus, sigmas, arena) : new GridKernels(dimension, mus, sigmas, arena)
}

function sortedOrder(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
}

/** A kernel is as wide as the gap to its farther neighbour, within limits; the prior as the whole range. */
function widths(
  { low, high }: NumericalDimension,
  mus: Float64Array,
  { magicClip = true, endpoints = false }: KernelOptions,
  order: Int32Array,
  sigmas: Float64Array
): Float64Array {
  const n = mus.length
  const widest = high - low
  const narrowest = magicClip ? widest / Math.min(100, n + 2) : 1e-12
  let below = low
  let mu = n > 0 ? (mus[order[0] as number] as number) : 0
  for (let i = 0; i < n; i++) {
    const above = i + 1 < n ? (mus[order[i + 1] as number] as number) : high
    let sigma = Math.max(mu - below, above - mu)
    if (!endpoints && n > 1) {
      if (i === 0) sigma = above - mu
      else if (i === n - 1) sigma = mu - below
    }
    sigmas[order[i] as number] = Math.min(Math.max(sigma, narrowest), widest)
    below = mu
    mu = above
  }
  sigmas[n] = widest
  return sigmas
}

/** Truncated normals. Their constants are computed when they are first needed, because most kernels never are. */
class ContinuousKernels implements Kernels {
  readonly #dimension: NumericalDimension
  readonly #mus: Float64Array
  readonly #sigmas: Float64Array
  readonly #constants: Float64Array
  /** 0 where a kernel has no constants yet. */
  readonly #inverses: Float64Array

  constructor(dimension: NumericalDimension, mus: Float64Array, sigmas: Float64Array, arena: Arena) {
    this.#dimension = dimension
    this.#mus = mus
    this.#sigmas = sigmas
    this.#constants = arena.floats(mus.length)
    this.#inverses = arena.floats(mus.length).fill(0)
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    const mus = this.#mus
    const constants = this.#constants
    const inverses = this.#inverses
    for (let k = from; k < to; k++) {
      if (inverses[k] === 0) this.#prepare(k)
      const z = (value - (mus[k] as number)) * (inverses[k] as number)
      sums[k - from] = (sums[k - from] as number) + (constants[k] as number) - 0.5 * z * z
    }
  }

  quantile(kernel: number, q: number): number {
    const { low, high } = this.#dimension
    const mu = this.#mus[kernel] as number
    const sigma = this.#sigmas[kernel] as number
    return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma)
  }

  #prepare(k: number): void {
    const { low, high } = this.#dimension
    const mu = this.#mus[k] as number
    const sigma = this.#sigmas[k] as number
    this.#constants[k] = logDensity(0) - Math.log(sigma) - logShare(mu, sigma, low, high)
    this.#inverses[k] = 1 / sigma
  }
}

/** A kernel prefers its own choice; the prior prefers none. */
class CategoricalKernels implements Kernels {
  readonly #observations: Float64Array
  readonly #choices: number
  readonly #own: number
  readonly #other: number

  constructor({ choices }: CategoricalDimension, observations: Float64Array, priorWeight: number) {
    const share = priorWeight / (observations.length + 1)
    const sum = 1 + choices * share
    this.#observations = observations
    this.#choices = choices
    this.#own = (1 + share) / sum
    this.#other = share / sum
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    const own = Math.log(this.#own)
    const other = Math.log(this.#other)
    const observations = this.#observations
    const prior = observations.length
    for (let k = from; k < Math.min(to, prior); k++) sums[k - from] = (sums[k - from] as number) + (observations[k] === value ? own : other)
    if (to > prior) sums[prior - from] = (sums[prior - from] as number) - Math.log(this.#choices)
  }

  quantile(kernel: number, q: number): number {
    const own = kernel < this.#observations.length ? this.#observations[kernel] : -1
    let sum = 0
    for (let choice = 0; choice < this.#choices; choice++) {
      sum += own === -1 ? 1 / this.#choices : choice === own ? this.#own : this.#other
      if (q < sum) return choice
    }
    return this.#choices - 1
  }
}
