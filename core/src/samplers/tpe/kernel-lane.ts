import type { WholeColumn } from '../../history.ts'
import { type Dimension, type NumericalDimension, toKernelScale } from './dimension.ts'
import { GridMasses } from './grid-masses.ts'
import { logDensity, logShare } from './normal.ts'

/** One parameter's kernels by row, kept from draw to draw: a trial that joins or leaves changes its own kernel and those of its two neighbours. */
export interface KernelLane {
  /** Makes room for so many rows. */
  reserve(rows: number): void
  /** How many trials there will be, which limits how narrow a kernel is. */
  resize(count: number): void
  /** A row of the column joins, or a value that is in none. `precedes` says whether a row comes before it. */
  join(row: number, value: number, column: WholeColumn, precedes: (row: number) => boolean): void
  leave(row: number): void
  /** Adds the log densities at `value` of the kernels `from` to `to`; those of rows that did not join mean nothing. */
  add(sums: Float64Array, value: number, from: number, to: number): void
}

export function kernelLane(dimension: Dimension, isMember: (row: number) => boolean): KernelLane {
  return dimension.kind === 'categorical' ? new CategoricalLane(dimension.choices) : new NumericalLane(dimension, isMember)
}

class NumericalLane implements KernelLane {
  readonly #dimension: NumericalDimension
  readonly #isMember: (row: number) => boolean
  readonly #grid: GridMasses | undefined
  #mus = new Float64Array(0)
  /** 1/σ and the constant term of a normal kernel; on a grid the kernel's class. */
  #inverses = new Float64Array(0)
  #constants = new Float64Array(0)
  #classes = new Int32Array(0)
  /** Neighbours by value among the members; −1 at the ends. */
  #before = new Int32Array(0)
  #after = new Int32Array(0)
  #narrowest = 0
  #first = -1

  constructor(dimension: NumericalDimension, isMember: (row: number) => boolean) {
    this.#dimension = dimension
    this.#isMember = isMember
    if (dimension.step > 0) this.#grid = new GridMasses(dimension)
  }

  reserve(rows: number): void {
    if (rows <= this.#mus.length) return
    const size = Math.max(2 * this.#mus.length, rows, 64)
    const floats = (from: Float64Array): Float64Array<ArrayBuffer> => {
      const to = new Float64Array(size)
      to.set(from)
      return to
    }
    const ints = (from: Int32Array): Int32Array<ArrayBuffer> => {
      const to = new Int32Array(size)
      to.set(from)
      return to
    }
    this.#mus = floats(this.#mus)
    if (this.#grid) this.#classes = ints(this.#classes)
    else {
      this.#inverses = floats(this.#inverses)
      this.#constants = floats(this.#constants)
    }
    this.#before = ints(this.#before)
    this.#after = ints(this.#after)
  }

  resize(count: number): void {
    const { low, high } = this.#dimension
    const narrowest = (high - low) / Math.min(100, count + 2)
    if (narrowest === this.#narrowest) return
    this.#narrowest = narrowest
    for (let row = 0; row < this.#mus.length; row++) if (this.#isMember(row)) this.#renew(row)
  }

  join(row: number, value: number, { sorted }: WholeColumn, precedes: (row: number) => boolean): void {
    this.#mus[row] = toKernelScale(this.#dimension, value)
    // The nearest member before it: by the column's own order, then past what joined from elsewhere.
    let before = row < sorted.before.length ? (sorted.before[row] as number) : this.#lastThat(sorted.order, precedes)
    while (before >= 0 && !this.#isMember(before)) before = sorted.before[before] as number
    let after = before >= 0 ? (this.#after[before] as number) : this.#first
    while (after >= 0 && precedes(after)) {
      before = after
      after = this.#after[after] as number
    }
    this.#link(before, row)
    this.#link(row, after)
    for (const changed of [before, row, after]) if (changed >= 0) this.#renew(changed)
  }

  leave(row: number): void {
    const before = this.#before[row] as number
    const after = this.#after[row] as number
    this.#link(before, after)
    for (const changed of [before, after]) if (changed >= 0) this.#renew(changed)
  }

  add(sums: Float64Array, value: number, from: number, to: number): void {
    if (this.#grid) {
      this.#grid.add(sums, value, this.#classes, from, to)
      return
    }
    const mus = this.#mus
    const inverses = this.#inverses
    const constants = this.#constants
    for (let row = from; row < to; row++) {
      const z = (value - (mus[row] as number)) * (inverses[row] as number)
      sums[row - from] = (sums[row - from] as number) + (constants[row] as number) - 0.5 * z * z
    }
  }

  #link(before: number, after: number): void {
    if (before >= 0) this.#after[before] = after
    else this.#first = after
    if (after >= 0) this.#before[after] = before
  }

  #lastThat(order: Int32Array, precedes: (row: number) => boolean): number {
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (precedes(order[middle] as number)) low = middle + 1
      else high = middle
    }
    return low > 0 ? (order[low - 1] as number) : -1
  }

  /** A kernel is as wide as the gap to its farther neighbour, within limits. */
  #renew(row: number): void {
    const { low, high } = this.#dimension
    const mus = this.#mus
    const mu = mus[row] as number
    const before = this.#before[row] as number
    const after = this.#after[row] as number
    const below = before >= 0 ? mu - (mus[before] as number) : -1
    const above = after >= 0 ? (mus[after] as number) - mu : -1
    const gap = below < 0 && above < 0 ? Math.max(mu - low, high - mu) : Math.max(below, above)
    const sigma = Math.min(Math.max(gap, this.#narrowest), high - low)
    if (this.#grid) this.#classes[row] = this.#grid.classOf(mu, sigma)
    else {
      this.#inverses[row] = 1 / sigma
      this.#constants[row] = logDensity(0) - Math.log(sigma) - logShare(mu, sigma, low, high)
    }
  }
}

class CategoricalLane implements KernelLane {
  readonly #choices: number
  #observed = new Int32Array(0)
  #own = 0
  #other = 0

  constructor(choices: number) {
    this.#choices = choices
  }

  reserve(rows: number): void {
    if (rows <= this.#observed.length) return
    const grown = new Int32Array(Math.max(2 * this.#observed.length, rows, 64))
    grown.set(this.#observed)
    this.#observed = grown
  }

  resize(count: number): void {
    const share = 1 / (count + 1)
    const sum = 1 + this.#choices * share
    this.#own = Math.log((1 + share) / sum)
    this.#other = Math.log(share / sum)
  }

  join(row: number, value: number): void {
    this.#observed[row] = value
  }

  leave(): void {}

  add(sums: Float64Array, value: number, from: number, to: number): void {
    const observed = this.#observed
    for (let row = from; row < to; row++)
      sums[row - from] = (sums[row - from] as number) + (observed[row] === value ? this.#own : this.#other)
  }
}
