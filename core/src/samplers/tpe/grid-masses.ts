import type { NumericalDimension } from './dimension.ts'
import { logMass } from './normal.ts'

// Values with their masses are kept from draw to draw, up to so many numbers in all.
const mostKept = 1_000_000

/**
 * Log masses that truncated normals put on the cells of a grid. Many kernels have the same centre and width: such a class has its mass at a value
 * computed once.
 */
export class GridMasses {
  readonly #dimension: NumericalDimension
  readonly #byCentre = new Map<number, Map<number, number>>()
  readonly #mus: number[] = []
  readonly #sigmas: number[] = []
  readonly #shares: number[] = []
  /** By value, then by class; NaN where unknown. */
  readonly #masses = new Map<number, Float64Array>()
  #kept = 0
  // What was looked up last is often looked up again.
  #value = Number.NaN
  #found: Float64Array = new Float64Array(0)

  constructor(dimension: NumericalDimension) {
    this.#dimension = dimension
  }

  /** Adds to the first `count` sums the masses at `value` (kernels' scale) of these rows' classes. */
  add(sums: Float64Array, value: number, classes: Int32Array, rows: Int32Array, count: number): void {
    const masses = this.#at(value)
    for (let i = 0; i < count; i++) sums[i] = (sums[i] as number) + this.#mass(masses, classes[rows[i] as number] as number, value)
  }

  /** The mass at `value` (kernels' scale) of a class. */
  mass(of: number, value: number): number {
    return this.#mass(this.#at(value), of, value)
  }

  /** The class of a kernel, and `share`, the logarithm of what it has within the bounds. */
  classOf(mu: number, sigma: number, share: number): number {
    let byWidth = this.#byCentre.get(mu)
    if (!byWidth) {
      byWidth = new Map()
      this.#byCentre.set(mu, byWidth)
    }
    let of = byWidth.get(sigma)
    if (of === undefined) {
      of = this.#mus.length
      byWidth.set(sigma, of)
      this.#mus.push(mu)
      this.#sigmas.push(sigma)
      this.#shares.push(share)
    }
    return of
  }

  #mass(masses: Float64Array, of: number, value: number): number {
    const known = masses[of] as number
    if (!Number.isNaN(known)) return known
    const mass = logCell(this.#dimension, this.#mus[of] as number, this.#sigmas[of] as number, value) - (this.#shares[of] as number)
    masses[of] = mass
    return mass
  }

  #at(value: number): Float64Array {
    if (value !== this.#value || this.#found.length < this.#mus.length) {
      this.#found = this.#lookUp(value)
      this.#value = value
    }
    return this.#found
  }

  #lookUp(value: number): Float64Array {
    const known = this.#masses.get(value)
    if (known && known.length >= this.#mus.length) return known
    if (this.#kept > mostKept) {
      this.#masses.clear()
      this.#kept = 0
    }
    const masses = new Float64Array(2 * this.#mus.length).fill(Number.NaN)
    if (known) masses.set(known)
    this.#masses.set(value, masses)
    this.#kept += masses.length - (known?.length ?? 0)
    return masses
  }
}

/** The log mass that a normal puts on the cell around a value (kernels' scale), which ends at the bounds. */
function logCell({ low, high, step, log }: NumericalDimension, mu: number, sigma: number, value: number): number {
  const centre = log ? Math.exp(value) : value
  const begin = Math.max(log ? Math.log(centre - step / 2) : centre - step / 2, low)
  const end = Math.min(log ? Math.log(centre + step / 2) : centre + step / 2, high)
  return logMass((begin - mu) / sigma, (end - mu) / sigma)
}
