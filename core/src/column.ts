import type { WholeColumn } from './history.ts'

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
  /** Where rows were put in before others, time after time. */
  readonly inserted: number[] = []

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

  /** Whether a row comes before another one. */
  #precedes(row: number, other: number): boolean {
    const lane = this.#lanes[0] as Float64Array
    const [a, b] = [lane[row] as number, lane[other] as number]
    if (a < b) return true
    if (a > b) return false
    if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return row < other
    return Number.isNaN(b)
  }

  /** Puts one more row into the order of those that are sorted. */
  #place(row: number): void {
    const order = this.#order
    const place = this.#placeOf(row)
    const before = place > 0 ? (order[place - 1] as number) : -1
    const after = place < this.#sorted ? (order[place] as number) : -1
    order.copyWithin(place + 1, place, this.#sorted)
    order[place] = row
    this.#link(before, row)
    this.#link(row, after)
    this.#sorted++
  }

  /** The place of a row in the order of those that are sorted. */
  #placeOf(row: number): number {
    let low = 0
    let high = this.#sorted
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#precedes(this.#order[middle] as number, row)) low = middle + 1
      else high = middle
    }
    return low
  }

  #sortAnew(): void {
    const order = this.#order.subarray(0, this.length)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort((a, b) => (this.#precedes(a, b) ? -1 : 1))
    for (let i = 0; i <= order.length; i++) this.#link(i > 0 ? (order[i - 1] as number) : -1, i < order.length ? (order[i] as number) : -1)
    this.#sorted = this.length
  }

  #link(before: number, after: number): void {
    if (before >= 0) this.#after[before] = after
    if (after >= 0) this.#before[after] = before
  }

  /** Makes room for a row that belongs before others. */
  #open(at: number): void {
    this.inserted.push(at)
    const moved = Math.max(this.#sorted - at, 0)
    const places = Int32Array.from({ length: moved }, (_, i) => this.#placeOf(at + i))
    this.#numbers.copyWithin(at + 1, at, this.length)
    for (const lane of this.#lanes) lane.copyWithin(at + 1, at, this.length)
    if (moved === 0) return
    for (const [i, place] of places.entries()) this.#order[place] = at + i + 1
    insertLinked(this.#before, this.#after, at, this.#sorted)
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

/** Moves linked rows from one on by one, up to `end`, which links may stand for: only rows beside those that move know of them. */
export function insertLinked(
  before: Int32Array,
  after: Int32Array,
  at: number,
  end: number,
  counts: (row: number) => boolean = () => true
): void {
  const moved: number[] = []
  for (let row = at; row < end; row++) if (counts(row)) moved.push(row, before[row] as number, after[row] as number)
  for (let i = 0; i < moved.length; i += 3) {
    const [row, previous, next] = [moved[i] as number, moved[i + 1] as number, moved[i + 2] as number]
    if (previous >= 0) after[previous] = row + 1
    if (next >= 0) before[next] = row + 1
  }
  before.copyWithin(at + 1, at, end)
  after.copyWithin(at + 1, at, end)
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

/** A larger array with what the smaller one holds. */
export function grown<T extends Int32Array | Float64Array>(from: Int32Array | Float64Array, to: T): T {
  to.set(from)
  return to
}

/** A column as histories show it. */
export function wholeColumn(column: Column): WholeColumn {
  return { numbers: column.numbers, values: column.lane(), sorted: column.sorted(), source: column, inserted: column.inserted }
}
