import { Column, type Sorted } from '../../column.ts'
import { type Dimension, toKernelScale } from './dimension.ts'

/** Observations that are handed out at a time. */
export const blockSize = 256

/** One parameter's observations: values in internal form by row, and the rows' neighbours by value. */
export interface Observed {
  readonly dimension: Dimension
  readonly values: Float64Array
  readonly sorted: Sorted
}
/** An observation beside the rows: a running trial, taken for a bad one. */
export interface Lie {
  readonly number: number
  /** One per parameter, in internal form. */
  readonly values: readonly number[]
}
export interface GroupRows {
  readonly numbers: Int32Array
  /** Rows from this one on do not belong to it. */
  readonly rows: number
  /** Rows that do not belong to it either; 1 where they do not. */
  readonly excluded: Uint8Array
  /** How many rows do. */
  readonly count: number
  readonly lies?: readonly Lie[]
}

/**
 * Trials whose parameters are observed together, from the newest to the oldest. Nothing is copied or sorted: rows are looked at as they are asked
 * for, and a row's neighbours are found by passing over those that do not belong.
 */
export class Group {
  readonly observed: readonly Observed[]
  /** How many observations there are. */
  readonly count: number
  readonly #of: GroupRows
  readonly #lies: readonly Lie[]
  readonly #blocks: Int32Array[] = []
  #row: number
  #lie: number

  constructor(observed: readonly Observed[], of: GroupRows) {
    this.observed = observed
    this.#of = of
    this.#lies = (of.lies ?? []).toSorted((a, b) => a.number - b.number)
    this.count = of.count + this.#lies.length
    this.#row = of.rows - 1
    this.#lie = this.#lies.length - 1
  }

  /** The rows of a block, the newest first; lies count on from the rows. Empty beyond the last. */
  block(index: number): Int32Array {
    while (this.#blocks.length <= index) this.#blocks.push(this.#next())
    return this.#blocks[index] as Int32Array
  }

  /** A value on the kernels' scale. */
  value(parameter: number, row: number): number {
    const { dimension } = this.observed[parameter] as Observed
    return toKernelScale(dimension, this.#value(parameter, row))
  }

  /** The nearest values below and above a row's, on the kernels' scale; NaN where there is none. Of equal values, earlier trials lie below. */
  neighbours(parameter: number, row: number, into: { below: number; above: number }): void {
    const { dimension, values, sorted } = this.observed[parameter] as Observed
    const value = this.#value(parameter, row)
    const number = this.#number(row)
    const { rows } = this.#of
    let before: number
    let after: number
    if (row < rows) {
      before = sorted.before[row] as number
      after = sorted.after[row] as number
    } else {
      const place = this.#placeOf(parameter, value, number)
      before = place > 0 ? (sorted.order[place - 1] as number) : -1
      after = place < sorted.order.length ? (sorted.order[place] as number) : -1
    }
    while (before >= 0 && !this.#has(before)) before = sorted.before[before] as number
    while (after >= 0 && !this.#has(after)) after = sorted.after[after] as number
    let below = before < 0 ? Number.NaN : (values[before] as number)
    let above = after < 0 ? Number.NaN : (values[after] as number)
    for (const lie of this.#lies) {
      if (lie.number === number) continue
      const other = lie.values[parameter] as number
      if (other < value || (other === value && lie.number < number)) below = other > below || Number.isNaN(below) ? other : below
      else above = other < above || Number.isNaN(above) ? other : above
    }
    into.below = toKernelScale(dimension, below)
    into.above = toKernelScale(dimension, above)
  }

  #has(row: number): boolean {
    return row < this.#of.rows && this.#of.excluded[row] !== 1
  }

  #value(parameter: number, row: number): number {
    const { rows } = this.#of
    if (row < rows) return (this.observed[parameter] as Observed).values[row] as number
    return (this.#lies[row - rows] as Lie).values[parameter] as number
  }

  #number(row: number): number {
    const { rows, numbers } = this.#of
    return row < rows ? (numbers[row] as number) : (this.#lies[row - rows] as Lie).number
  }

  /** How many rows come before a value in the order of values. */
  #placeOf(parameter: number, value: number, number: number): number {
    const { values, sorted } = this.observed[parameter] as Observed
    let low = 0
    let high = sorted.order.length
    while (low < high) {
      const middle = (low + high) >> 1
      const at = sorted.order[middle] as number
      if ((values[at] as number) < value || (values[at] === value && (this.#of.numbers[at] as number) < number)) low = middle + 1
      else high = middle
    }
    return low
  }

  #next(): Int32Array {
    const { rows, numbers, excluded } = this.#of
    const block = new Int32Array(blockSize)
    let length = 0
    while (length < blockSize) {
      while (this.#row >= 0 && excluded[this.#row] === 1) this.#row--
      const lie = this.#lies[this.#lie]
      if (lie && (this.#row < 0 || lie.number > (numbers[this.#row] as number))) block[length++] = rows + this.#lie--
      else if (this.#row >= 0) block[length++] = this.#row--
      else break
    }
    return block.subarray(0, length)
  }
}

/** A group of its own: one array of values in internal form for each parameter, from the oldest trial to the newest. */
export function groupOf(parameters: readonly { readonly dimension: Dimension; readonly values: ArrayLike<number> }[]): Group {
  const count = parameters[0]?.values.length ?? 0
  const observed = parameters.map(({ dimension, values }) => {
    const column = new Column()
    for (let row = 0; row < count; row++) column.push(row, values[row] as number)
    return { dimension, values: column.lane(), sorted: column.sorted() }
  })
  const numbers = Int32Array.from({ length: count }, (_, row) => row)
  return new Group(observed, { numbers, rows: count, excluded: new Uint8Array(count), count })
}
