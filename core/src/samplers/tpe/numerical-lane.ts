import { grown, insertLinked } from '../../column.ts'
import type { WholeColumn } from '../../history.ts'
import { type NumericalDimension, toKernelScale } from './dimension.ts'
import { GridMasses } from './grid-masses.ts'
import type { KernelOptions, Lane } from './lane.ts'
import { logDensity, logShare, truncatedQuantile } from './normal.ts'

// In widths of the range, the distance from it at which kernels end to differ.
const farthest = 1e5

/** Normals that end at the bounds; on a grid their masses about its values. */
export class NumericalLane implements Lane {
  /** Of a grid, where densities are masses, 0. */
  peak: number
  readonly #dimension: NumericalDimension
  readonly #magicClip: boolean
  readonly #endpoints: boolean
  readonly #isMember: (row: number) => boolean
  readonly #grid: GridMasses | undefined
  #mus = new Float64Array(0)
  #sigmas = new Float64Array(0)
  /** Logarithms of what kernels have within the bounds. */
  #shares = new Float64Array(0)
  /** 1/σ and the constant term of a normal kernel; on a grid the kernel's class. */
  #inverses = new Float64Array(0)
  #constants = new Float64Array(0)
  #classes = new Int32Array(0)
  /** Neighbours by value among the members; −1 at the ends. */
  #before = new Int32Array(0)
  #after = new Int32Array(0)
  #first = -1
  #narrowest = 0
  /** Rows whose kernels may have another width now. */
  readonly #changed: number[] = []
  /** The prior's class on a grid; elsewhere the constant term of its log density. */
  readonly #prior: number

  constructor(dimension: NumericalDimension, { magicClip = true, endpoints = false }: KernelOptions, isMember: (row: number) => boolean) {
    this.#dimension = dimension
    this.#magicClip = magicClip
    this.#endpoints = endpoints
    this.#isMember = isMember
    if (dimension.step > 0) this.#grid = new GridMasses(dimension)
    this.peak = this.#grid ? 0 : Number.NEGATIVE_INFINITY
    const [mu, sigma] = this.shape()
    const share = logShare(mu, sigma, dimension.low, dimension.high)
    this.#prior = this.#grid ? this.#grid.classOf(mu, sigma, share) : logDensity(0) - Math.log(sigma) - share
  }

  reserve(rows: number): void {
    if (rows <= this.#mus.length) return
    const floats = (from: Float64Array): Float64Array<ArrayBuffer> => grown(from, new Float64Array(rows))
    const ints = (from: Int32Array): Int32Array<ArrayBuffer> => grown(from, new Int32Array(rows))
    this.#mus = floats(this.#mus)
    this.#sigmas = floats(this.#sigmas)
    this.#shares = floats(this.#shares)
    if (this.#grid) this.#classes = ints(this.#classes)
    else {
      this.#inverses = floats(this.#inverses)
      this.#constants = floats(this.#constants)
    }
    this.#before = ints(this.#before)
    this.#after = ints(this.#after)
  }

  settle(count: number): void {
    const { low, high } = this.#dimension
    const narrowest = this.#magicClip ? (high - low) / Math.min(100, count + 2) : 1e-12
    if (narrowest !== this.#narrowest) {
      this.#narrowest = narrowest
      for (let row = this.#first; row >= 0; row = this.#after[row] as number) this.#renew(row)
    } else for (const row of this.#changed) if (this.#isMember(row)) this.#renew(row)
    this.#changed.length = 0
  }

  join(row: number, value: number, { sorted }: WholeColumn, precedes: (row: number) => boolean): void {
    this.#mus[row] = this.#centre(value)
    // The nearest member before it: by the column's own order, then past what joined from elsewhere.
    let before = row < sorted.before.length ? (sorted.before[row] as number) : lastThat(sorted.order, precedes)
    while (before >= 0 && !this.#isMember(before)) before = sorted.before[before] as number
    let after = before >= 0 ? (this.#after[before] as number) : this.#first
    while (after >= 0 && precedes(after)) {
      before = after
      after = this.#after[after] as number
    }
    this.#link(before, row)
    this.#link(row, after)
    this.#changed.push(row)
    if (before >= 0) this.#changed.push(before)
    if (after >= 0) this.#changed.push(after)
  }

  leave(row: number): void {
    const before = this.#before[row] as number
    const after = this.#after[row] as number
    this.#link(before, after)
    if (before >= 0) this.#changed.push(before)
    if (after >= 0) this.#changed.push(after)
  }

  build({ values, sorted }: WholeColumn, rows: number): void {
    this.#first = -1
    let before = -1
    for (const row of sorted.order) {
      if (row >= rows || !this.#isMember(row)) continue
      this.#mus[row] = this.#centre(values[row] as number)
      this.#link(before, row)
      before = row
    }
    if (before >= 0) this.#link(before, -1)
    // Every kernel is new.
    this.#narrowest = 0
    this.#changed.length = 0
  }

  insert(at: number, end: number): void {
    for (const floats of [this.#mus, this.#sigmas, this.#shares, this.#inverses, this.#constants]) floats.copyWithin(at + 1, at, end)
    this.#classes.copyWithin(at + 1, at, end)
    insertLinked(this.#before, this.#after, at, end, this.#isMember)
    const moved = (row: number): number => (row >= at ? row + 1 : row)
    this.#first = moved(this.#first)
    for (const [i, row] of this.#changed.entries()) this.#changed[i] = moved(row)
  }

  add(sums: Float64Array, value: number, rows: Int32Array, count: number): void {
    if (this.#grid) {
      this.#grid.add(sums, value, this.#classes, rows, count)
      return
    }
    const mus = this.#mus
    const inverses = this.#inverses
    const constants = this.#constants
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      const z = (value - (mus[row] as number)) * (inverses[row] as number)
      sums[i] = (sums[i] as number) + (constants[row] as number) - 0.5 * z * z
    }
  }

  /** A normal about the middle, as wide as the range. */
  logPrior(value: number): number {
    if (this.#grid) return this.#grid.mass(this.#prior, value)
    const { low, high } = this.#dimension
    const z = (value - 0.5 * (low + high)) / (high - low)
    return this.#prior - 0.5 * z * z
  }

  shape(row?: number): readonly [mu: number, sigma: number] {
    const { low, high } = this.#dimension
    return row === undefined ? [0.5 * (low + high), high - low] : [this.#mus[row] as number, this.#sigmas[row] as number]
  }

  quantile(q: number, row?: number): number {
    const { low, high } = this.#dimension
    const [mu, sigma] = this.shape(row)
    const share = row === undefined ? undefined : this.#shares[row]
    return mu + sigma * truncatedQuantile(q, (low - mu) / sigma, (high - mu) / sigma, share)
  }

  /** From another range, a value may be so far away that its kernel would have nothing within the bounds that a double can hold. */
  #centre(value: number): number {
    const { low, high } = this.#dimension
    const reach = farthest * (high - low)
    return Math.min(Math.max(toKernelScale(this.#dimension, value), low - reach), high + reach)
  }

  #link(before: number, after: number): void {
    if (before >= 0) this.#after[before] = after
    else this.#first = after
    if (after >= 0) this.#before[after] = before
  }

  /** A kernel is as wide as the gap to its farther neighbour, within limits. */
  #renew(row: number): void {
    const { low, high } = this.#dimension
    const mus = this.#mus
    const mu = mus[row] as number
    const before = this.#before[row] as number
    const after = this.#after[row] as number
    const toBounds = this.#endpoints || (before < 0 && after < 0)
    const below = before >= 0 ? mu - (mus[before] as number) : toBounds ? mu - low : 0
    const above = after >= 0 ? (mus[after] as number) - mu : toBounds ? high - mu : 0
    const sigma = Math.min(Math.max(below, above, this.#narrowest), high - low)
    const share = logShare(mu, sigma, low, high)
    this.#sigmas[row] = sigma
    this.#shares[row] = share
    if (this.#grid) this.#classes[row] = this.#grid.classOf(mu, sigma, share)
    else {
      const constant = logDensity(0) - Math.log(sigma) - share
      this.#inverses[row] = 1 / sigma
      this.#constants[row] = constant
      if (constant > this.peak) this.peak = constant
    }
  }
}

/** The last of the ordered rows that precedes. */
function lastThat(order: Int32Array, precedes: (row: number) => boolean): number {
  let low = 0
  let high = order.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (precedes(order[middle] as number)) low = middle + 1
    else high = middle
  }
  return low > 0 ? (order[low - 1] as number) : -1
}
