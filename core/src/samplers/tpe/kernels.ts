import type { CategoricalDimension, NumericalDimension } from './dimension.ts'
import { GridMasses } from './grid-masses.ts'
import type { Group, Observed } from './group.ts'
import { logDensity, logShare, truncatedQuantile } from './normal.ts'

export interface KernelOptions {
  /** Weight of the prior beside observations of weight 1. Default 1. */
  readonly priorWeight?: number
  /** Keeps kernels from becoming narrower than the range over min(100, n + 2). Default true. */
  readonly magicClip?: boolean
  /** Lets the outermost kernels reach to the bounds. Default false. */
  readonly endpoints?: boolean
}

/** The kernels of one parameter in one block of observations; in the first block the prior comes last. */
export interface BlockKernels {
  /** Adds each kernel's log density at `value` (kernels' scale, or a choice's index) to `sums`. */
  add(sums: Float64Array, value: number): void
  /** The quantile `q` of one kernel, on the kernels' scale, or a choice's index. */
  quantile(kernel: number, q: number): number
}

/** Makes the kernels of one parameter, a block at a time (Bergstra et al., NeurIPS 2011; the rules are Optuna's). */
export type Kernels = (rows: Int32Array, withPrior: boolean) => BlockKernels

export function kernelsOf(group: Group, parameter: number, options: KernelOptions): Kernels {
  const { dimension } = group.observed[parameter] as Observed
  if (dimension.kind === 'categorical') return categoricalKernels(group, parameter, dimension, options)
  const normals = normalsOf(group, parameter, dimension, options)
  if (dimension.step === 0) return (rows, withPrior) => new ContinuousKernels(dimension, normals(rows, withPrior))
  const masses = new GridMasses(dimension)
  return (rows, withPrior) => {
    const centred = normals(rows, withPrior)
    const classes = Int32Array.from(centred.mus, (mu, k) => masses.classOf(mu, centred.sigmas[k] as number))
    return {
      add: (sums, value) => masses.add(sums, value, classes, 0, classes.length),
      quantile: (kernel, q) => quantileOf(dimension, centred, kernel, q)
    }
  }
}

/** Centres and widths of normal kernels. */
interface Normals {
  readonly mus: Float64Array
  readonly sigmas: Float64Array
}

/** A kernel is as wide as the gap to its farther neighbour, within limits; the prior as the whole range. */
function normalsOf(
  group: Group,
  parameter: number,
  { low, high }: NumericalDimension,
  { magicClip = true, endpoints = false }: KernelOptions
): (rows: Int32Array, withPrior: boolean) => Normals {
  const widest = high - low
  const narrowest = magicClip ? widest / Math.min(100, group.count + 2) : 1e-12
  const near = { below: 0, above: 0 }
  const alone = group.count === 1
  return (rows, withPrior) => {
    const mus = new Float64Array(rows.length + (withPrior ? 1 : 0))
    const sigmas = new Float64Array(mus.length)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const mu = group.value(parameter, row)
      group.neighbours(parameter, row, near)
      const { below, above } = near
      const [first, last] = [Number.isNaN(below), Number.isNaN(above)]
      let sigma: number
      if (!first && !last) sigma = Math.max(mu - below, above - mu)
      else if (endpoints || alone) sigma = Math.max(mu - (first ? low : below), (last ? high : above) - mu)
      else sigma = first ? above - mu : mu - below
      mus[i] = mu
      sigmas[i] = Math.min(Math.max(sigma, narrowest), widest)
    }
    if (withPrior) {
      mus[rows.length] = 0.5 * (low + high)
      sigmas[rows.length] = widest
    }
    return { mus, sigmas }
  }
}

/** Truncated normals. */
class ContinuousKernels implements BlockKernels {
  readonly #dimension: NumericalDimension
  readonly #normals: Normals
  readonly #constants: Float64Array
  readonly #inverses: Float64Array

  constructor(dimension: NumericalDimension, normals: Normals) {
    const { mus, sigmas } = normals
    const { low, high } = dimension
    this.#dimension = dimension
    this.#normals = normals
    this.#constants = new Float64Array(mus.length)
    this.#inverses = new Float64Array(mus.length)
    for (let k = 0; k < mus.length; k++) {
      const sigma = sigmas[k] as number
      this.#constants[k] = logDensity(0) - Math.log(sigma) - logShare(mus[k] as number, sigma, low, high)
      this.#inverses[k] = 1 / sigma
    }
  }

  add(sums: Float64Array, value: number): void {
    const { mus } = this.#normals
    const constants = this.#constants
    const inverses = this.#inverses
    for (let k = 0; k < mus.length; k++) {
      const z = (value - (mus[k] as number)) * (inverses[k] as number)
      sums[k] = (sums[k] as number) + (constants[k] as number) - 0.5 * z * z
    }
  }

  quantile(kernel: number, q: number): number {
    return quantileOf(this.#dimension, this.#normals, kernel, q)
  }
}

/** The quantile `q` of one truncated normal. */
function quantileOf({ low, high }: NumericalDimension, { mus, sigmas }: Normals, kernel: number, q: number): number {
  const mu = mus[kernel] as number
  const sigma = sigmas[kernel] as number
  return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma)
}

/** A kernel prefers its own choice; the prior prefers none. */
function categoricalKernels(
  group: Group,
  parameter: number,
  { choices }: CategoricalDimension,
  { priorWeight = 1 }: KernelOptions
): Kernels {
  const share = priorWeight / (group.count + 1)
  const sum = 1 + choices * share
  const [own, other, even] = [(1 + share) / sum, share / sum, 1 / choices]
  const [logOwn, logOther, logEven] = [Math.log(own), Math.log(other), Math.log(even)]
  return (rows, withPrior) => {
    const observed = Float64Array.from(rows, row => group.value(parameter, row))
    return {
      add(sums, value) {
        for (let k = 0; k < observed.length; k++) sums[k] = (sums[k] as number) + (observed[k] === value ? logOwn : logOther)
        if (withPrior) sums[observed.length] = (sums[observed.length] as number) + logEven
      },
      quantile(kernel, q) {
        const isPrior = kernel === observed.length
        let below = 0
        for (let choice = 0; choice < choices; choice++) {
          below += isPrior ? even : choice === observed[kernel] ? own : other
          if (q < below) return choice
        }
        return choices - 1
      }
    }
  }
}
