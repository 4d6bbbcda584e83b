import type { Arena } from './arena.ts'
import type { NumericalDimension } from './dimension.ts'
import type { Kernels } from './kernels.ts'
import { logMass, logShare, truncatedQuantile } from './normal.ts'

const unknown = Number.NaN

/**
 * Truncated normals summed up over the cells of a grid. On a grid many kernels have the same centre and width: such a class has its mass at a
 * value computed once.
 */
export class GridKernels implements Kernels {
  readonly #dimension: NumericalDimension
  readonly #mus: Float64Array
  readonly #sigmas: Float64Array
  /** Each kernel's class; −1 where it is not known yet. */
  readonly #classes: Int32Array
  readonly #byCentre = new Map<number, Map<number, number>>()
  /** A kernel of each class. */
  readonly #members: number[] = []
  readonly #shares: number[] = []
  /** Log masses by class, for each value that was asked for. */
  readonly #masses = new Map<number, Float64Array>()

  constructor(dimension: NumericalDimension, mus: Float64Array, sigmas: Float64Array, arena: Arena) {
    this.#dimension = dimension
    this.#mus = mus
    this.#sigmas = sigmas
    this.#classes = arena.ints(mus.length).fill(-1)
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    const classes = this.#classes
    for (let k = from; k < to; k++) if ((classes[k] as number) < 0) this.#classify(k)
    const masses = this.#massesAt(value)
    for (let k = from; k < to; k++) {
      const of = classes[k] as number
      let mass = masses[of] as number
      if (Number.isNaN(mass)) {
        mass = this.#mass(of, value)
        masses[of] = mass
      }
      sums[k - from] = (sums[k - from] as number) + mass
    }
  }

  quantile(kernel: number, q: number): number {
    const { low, high } = this.#dimension
    const mu = this.#mus[kernel] as number
    const sigma = this.#sigmas[kernel] as number
    return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma)
  }

  #mass(of: number, value: number): number {
    const { low, high, step, log } = this.#dimension
    const member = this.#members[of] as number
    const mu = this.#mus[member] as number
    const sigma = this.#sigmas[member] as number
    const centre = log ? Math.exp(value) : value
    const begin = Math.max(log ? Math.log(centre - step / 2) : centre - step / 2, low)
    const end = Math.min(log ? Math.log(centre + step / 2) : centre + step / 2, high)
    return logMass((begin - mu) / sigma, (end - mu) / sigma) - (this.#shares[of] as number)
  }

  #massesAt(value: number): Float64Array {
    const known = this.#masses.get(value)
    if (known && known.length >= this.#members.length) return known
    const masses = new Float64Array(2 * this.#members.length).fill(unknown)
    if (known) masses.set(known)
    this.#masses.set(value, masses)
    return masses
  }

  #classify(k: number): void {
    const mu = this.#mus[k] as number
    const sigma = this.#sigmas[k] as number
    let byWidth = this.#byCentre.get(mu)
    if (!byWidth) {
      byWidth = new Map()
      this.#byCentre.set(mu, byWidth)
    }
    let of = byWidth.get(sigma)
    if (of === undefined) {
      of = this.#members.length
      byWidth.set(sigma, of)
      this.#members.push(k)
      this.#shares.push(logShare(mu, sigma, this.#dimension.low, this.#dimension.high))
    }
    this.#classes[k] = of
  }
}
