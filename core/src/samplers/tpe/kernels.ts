import type { CategoricalDimension, Dimension, NumericalDimension } from './dimension.ts'
import { logDensity, logMass, truncatedQuantile } from './normal.ts'

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

/**
 * Kernels around observations (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; the rules are Optuna's).
 * `observations` are in the kernels' scale from the oldest to the newest; `order` sorts them and may be left out.
 */
export function kernelsOf(dimension: Dimension, observations: Float64Array, options: KernelOptions = {}, order?: Int32Array): Kernels {
  if (dimension.kind === 'categorical') return new CategoricalKernels(dimension, observations, options.priorWeight ?? 1)
  const sigmas = widths(dimension, observations, options, order ?? sortedOrder(observations))
  return dimension.step === 0
    ? new ContinuousKernels(dimension, withPrior(dimension, observations), sigmas)
    : new GridKernels(dimension, withPrior(dimension, observations), sigmas)
}

function sortedOrder(values: Float64Array): Int32Array {
  return Int32Array.from(values.keys()).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
}

function withPrior({ low, high }: NumericalDimension, observations: Float64Array): Float64Array {
  const mus = new Float64Array(observations.length + 1)
  mus.set(observations)
  mus[observations.length] = 0.5 * (low + high)
  return mus
}

/** A kernel is as wide as the gap to its farther neighbour, within limits; the prior as the whole range. */
function widths(
  { low, high }: NumericalDimension,
  mus: Float64Array,
  { magicClip = true, endpoints = false }: KernelOptions,
  order: Int32Array
): Float64Array {
  const n = mus.length
  const sigmas = new Float64Array(n + 1)
  const widest = high - low
  const narrowest = magicClip ? widest / Math.min(100, n + 2) : 1e-12
  for (let i = 0; i < n; i++) {
    const mu = mus[order[i] as number] as number
    const below = mu - (i > 0 ? (mus[order[i - 1] as number] as number) : low)
    const above = (i + 1 < n ? (mus[order[i + 1] as number] as number) : high) - mu
    let sigma = Math.max(below, above)
    if (!endpoints && n > 1) {
      if (i === 0) sigma = above
      else if (i === n - 1) sigma = below
    }
    sigmas[order[i] as number] = sigma < narrowest ? narrowest : Math.min(sigma, widest)
  }
  sigmas[n] = widest
  return sigmas
}

// Beyond so many standard deviations, what is cut off is less than the last digit.
const allInside = 8.3

/** The logarithm of the share of a normal that lies within the bounds. */
function logShare(mu: number, sigma: number, low: number, high: number): number {
  const a = (low - mu) / sigma
  const b = (high - mu) / sigma
  return a < -allInside && b > allInside ? 0 : logMass(a, b)
}

/** Truncated normals. Their constants are computed when they are first needed, because most kernels never are. */
class ContinuousKernels implements Kernels {
  readonly mus: Float64Array
  readonly sigmas: Float64Array
  readonly #dimension: NumericalDimension
  readonly #constants: Float64Array
  readonly #inverses: Float64Array

  constructor(dimension: NumericalDimension, mus: Float64Array, sigmas: Float64Array) {
    this.#dimension = dimension
    this.mus = mus
    this.sigmas = sigmas
    this.#constants = new Float64Array(mus.length)
    // 0 marks a kernel without constants yet.
    this.#inverses = new Float64Array(mus.length)
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    const { mus } = this
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
    const mu = this.mus[kernel] as number
    const sigma = this.sigmas[kernel] as number
    return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma)
  }

  #prepare(k: number): void {
    const mu = this.mus[k] as number
    const sigma = this.sigmas[k] as number
    this.#constants[k] = logDensity(0) - Math.log(sigma) - logShare(mu, sigma, this.#dimension.low, this.#dimension.high)
    this.#inverses[k] = 1 / sigma
  }
}

/** Truncated normals summed up over the cells of a grid. Kernels of the same centre and width share their masses. */
class GridKernels implements Kernels {
  readonly mus: Float64Array
  readonly sigmas: Float64Array
  readonly #dimension: NumericalDimension
  /** The first kernel of the same centre and width; −1 where it is not known yet. */
  readonly #twins: Int32Array
  readonly #first = new Map<number, Map<number, number>>()
  /** For the value that is being asked for: log masses by kernel, NaN where unknown. */
  readonly #masses: Float64Array
  #value = Number.NaN
  readonly #shares: Float64Array

  constructor(dimension: NumericalDimension, mus: Float64Array, sigmas: Float64Array) {
    this.#dimension = dimension
    this.mus = mus
    this.sigmas = sigmas
    this.#twins = new Int32Array(mus.length).fill(-1)
    this.#masses = new Float64Array(mus.length)
    this.#shares = new Float64Array(mus.length).fill(Number.NaN)
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    if (this.#value !== value) {
      this.#masses.fill(Number.NaN)
      this.#value = value
    }
    const { low, high, step, log } = this.#dimension
    const centre = log ? Math.exp(value) : value
    const begin = Math.max(log ? Math.log(centre - step / 2) : centre - step / 2, low)
    const end = Math.min(log ? Math.log(centre + step / 2) : centre + step / 2, high)
    const masses = this.#masses
    for (let k = from; k < to; k++) {
      const twin = this.#twin(k)
      let mass = masses[twin] as number
      if (Number.isNaN(mass)) {
        const mu = this.mus[twin] as number
        const sigma = this.sigmas[twin] as number
        mass = logMass((begin - mu) / sigma, (end - mu) / sigma) - this.#share(twin)
        masses[twin] = mass
      }
      sums[k - from] = (sums[k - from] as number) + mass
    }
  }

  quantile(kernel: number, q: number): number {
    const { low, high } = this.#dimension
    const mu = this.mus[kernel] as number
    const sigma = this.sigmas[kernel] as number
    return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma)
  }

  #share(k: number): number {
    let share = this.#shares[k] as number
    if (Number.isNaN(share)) {
      share = logShare(this.mus[k] as number, this.sigmas[k] as number, this.#dimension.low, this.#dimension.high)
      this.#shares[k] = share
    }
    return share
  }

  #twin(k: number): number {
    const known = this.#twins[k] as number
    if (known >= 0) return known
    const mu = this.mus[k] as number
    const sigma = this.sigmas[k] as number
    let bySigma = this.#first.get(mu)
    if (!bySigma) {
      bySigma = new Map()
      this.#first.set(mu, bySigma)
    }
    const twin = bySigma.get(sigma) ?? k
    if (twin === k) bySigma.set(sigma, k)
    this.#twins[k] = twin
    return twin
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
    for (let k = from; k < to; k++)
      sums[k - from] =
        (sums[k - from] as number) + (k === observations.length ? -Math.log(this.#choices) : observations[k] === value ? own : other)
  }

  /** Probabilities of the choices under one kernel. */
  probability(kernel: number, choice: number): number {
    if (kernel === this.#observations.length) return 1 / this.#choices
    return this.#observations[kernel] === choice ? this.#own : this.#other
  }

  quantile(kernel: number, q: number): number {
    let sum = 0
    for (let choice = 0; choice < this.#choices; choice++) {
      sum += this.probability(kernel, choice)
      if (q < sum) return choice
    }
    return this.#choices - 1
  }
}
