/** Rows of a column in the order of their values: each row's neighbours, −1 at the ends. */
export interface Sorted {
  /** Rows by ascending value, equal ones by number, NaN last. */
  readonly order: Int32Array
  readonly before: Int32Array
  readonly after: Int32Array
}

/**
 * Rows of a trial's number and one or more values, always in the order of numbers: what finishes out of order moves a few rows. Arrays double
 * when they are full, so nothing is copied per trial, and a prefix by number is a prefix by position. The order of the first value is
 * kept from one time that it is asked for to the next.
 */
export class Column {
  #numbers = new Int32Array(8)
  readonly #lanes: Float64Array[]
  #order = new Int32Array(8)
  #before = new Int32Array(8)
  #after = new Int32Array(8)
  /** The first rows, which are sorted. */
  #sorted = 0
  length = 0
  /** How many finished trials were looked at for it. */
  upTo = 0
  /** Counts how often rows have moved. */
  moves = 0

  constructor(lanes = 1) {
    this.#lanes = Array.from({ length: lanes }, () => new Float64Array(8))
  }

  push(number: number, ...values: readonly number[]): void {
    if (this.length === this.#numbers.length) this.#grow()
    let at = this.length
    while (at > 0 && (this.#numbers[at - 1] as number) > number) at--
    if (at < this.length) this.#open(at)
    this.#numbers[at] = number
    for (let i = 0; i < this.#lanes.length; i++) (this.#lanes[i] as Float64Array)[at] = values[i] as number
    this.length++
    if (at < this.#sorted) this.#place(at)
  }

  get numbers(): Int32Array {
    return this.#numbers.subarray(0, this.length)
  }

  lane(index = 0): Float64Array {
    return (this.#lanes[index] as Float64Array).subarray(0, this.length)
  }

  /** How many rows have a number below the horizon. */
  below(horizon: number): number {
    return horizon === Number.POSITIVE_INFINITY ? this.length : firstFrom(this.numbers, horizon)
  }

  /** All rows in the order of the first value. */
  sorted(): Sorted {
    if (this.length - this.#sorted > 64) this.#sortAnew()
    while (this.#sorted < this.length) this.#place(this.#sorted)
    const upTo = this.length
    return { order: this.#order.subarray(0, upTo), before: this.#before.subarray(0, upTo), after: this.#after.subarray(0, upTo) }
  }

  #key(row: number): number {
    const value = (this.#lanes[0] as Float64Array)[row] as number
    return Number.isNaN(value) ? Number.POSITIVE_INFINITY : value
  }

  /** Puts one more row into the order of those that are sorted. */
  #place(row: number): void {
    const order = this.#order
    const key = this.#key(row)
    let low = 0
    let high = this.#sorted
    while (low < high) {
      const middle = (low + high) >> 1
      const at = order[middle] as number
      const other = this.#key(at)
      if (other < key || (other === key && at < row)) low = middle + 1
      else high = middle
    }
    const before = low > 0 ? (order[low - 1] as number) : -1
    const after = low < this.#sorted ? (order[low] as number) : -1
    order.copyWithin(low + 1, low, this.#sorted)
    order[low] = row
    this.#link(before, row)
    this.#link(row, after)
    this.#sorted++
  }

  #sortAnew(): void {
    const order = this.#order.subarray(0, this.length)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort((a, b) => {
      const [x, y] = [this.#key(a), this.#key(b)]
      return x === y ? a - b : x < y ? -1 : 1
    })
    for (let i = 0; i <= order.length; i++) this.#link(i > 0 ? (order[i - 1] as number) : -1, i < order.length ? (order[i] as number) : -1)
    this.#sorted = this.length
  }

  #link(before: number, after: number): void {
    if (before >= 0) this.#after[before] = after
    if (after >= 0) this.#before[after] = before
  }

  /** Makes room for a row that belongs before others. */
  #open(at: number): void {
    this.moves++
    this.#numbers.copyWithin(at + 1, at, this.length)
    for (const lane of this.#lanes) lane.copyWithin(at + 1, at, this.length)
    if (at >= this.#sorted) return
    for (const links of [this.#before, this.#after]) links.copyWithin(at + 1, at, this.#sorted)
    for (const links of [this.#order, this.#before, this.#after])
      for (let i = 0; i <= this.#sorted; i++) if ((links[i] as number) >= at) links[i] = (links[i] as number) + 1
  }

  #grow(): void {
    const size = 2 * this.length
    this.#numbers = grown(this.#numbers, new Int32Array(size))
    this.#order = grown(this.#order, new Int32Array(size))
    this.#before = grown(this.#before, new Int32Array(size))
    this.#after = grown(this.#after, new Int32Array(size))
    for (const [i, lane] of this.#lanes.entries()) this.#lanes[i] = grown(lane, new Float64Array(size))
  }
}

/** The first row of ascending numbers that has this one or a higher one; as many as there are rows if none has. */
function firstFrom(numbers: Int32Array, number: number): number {
  let low = 0
  let high = numbers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle] as number) < number) low = middle + 1
    else high = middle
  }
  return low
}

/** The row of a number among ascending ones, −1 if there is none. */
export function rowOf(numbers: Int32Array, number: number): number {
  const row = firstFrom(numbers, number)
  return numbers[row] === number ? row : -1
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
