/**
 * Rows of a trial's number and one or more values, always in the order of numbers: what finishes out of order moves a few rows. Arrays double
 * when they are full, so nothing is copied per trial, and a prefix by number is a prefix by position.
 */
export class Column {
  #numbers = new Int32Array(8)
  readonly #lanes: Float64Array[]
  /** Positions in the order of the first lane's values, for as many rows as were sorted so far. */
  #order = new Int32Array(8)
  #ordered = 0
  length = 0
  /** How many finished trials went into it. */
  upTo = 0

  constructor(lanes = 1) {
    this.#lanes = Array.from({ length: lanes }, () => new Float64Array(8))
  }

  push(number: number, ...values: readonly number[]): void {
    if (this.length === this.#numbers.length) {
      this.#numbers = grown(this.#numbers, new Int32Array(2 * this.length))
      for (const [i, lane] of this.#lanes.entries()) this.#lanes[i] = grown(lane, new Float64Array(2 * this.length))
    }
    let at = this.length
    while (at > 0 && (this.#numbers[at - 1] as number) > number) at--
    if (at < this.length) this.#open(at)
    this.#numbers[at] = number
    for (let i = 0; i < this.#lanes.length; i++) (this.#lanes[i] as Float64Array)[at] = values[i] as number
    this.length++
    if (at < this.#ordered) this.#place(at)
  }

  get numbers(): Int32Array {
    return this.#numbers.subarray(0, this.length)
  }

  lane(index = 0): Float64Array {
    return (this.#lanes[index] as Float64Array).subarray(0, this.length)
  }

  /** How many rows have a number below the horizon. */
  below(horizon: number): number {
    if (horizon === Number.POSITIVE_INFINITY) return this.length
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#numbers[middle] as number) < horizon) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Positions of the first `count` rows by ascending value, equal ones by number. Kept from call to call: a new row is put into its place. */
  order(count: number): Int32Array {
    if (this.#order.length < this.length) this.#order = grown(this.#order, new Int32Array(this.#numbers.length))
    if (this.length - this.#ordered > 64) this.#sortAnew()
    while (this.#ordered < this.length) this.#place(this.#ordered)
    const order = this.#order.subarray(0, this.length)
    return count === this.length ? order : order.filter(at => at < count)
  }

  #place(row: number): void {
    const values = this.#lanes[0] as Float64Array
    if (this.#order.length <= this.#ordered) this.#order = grown(this.#order, new Int32Array(2 * this.#order.length))
    const order = this.#order
    const value = values[row] as number
    let low = 0
    let high = this.#ordered
    while (low < high) {
      const middle = (low + high) >> 1
      const at = order[middle] as number
      if ((values[at] as number) < value || (values[at] === value && at < row)) low = middle + 1
      else high = middle
    }
    order.copyWithin(low + 1, low, this.#ordered)
    order[low] = row
    this.#ordered++
  }

  #sortAnew(): void {
    const values = this.#lanes[0] as Float64Array
    const order = this.#order.subarray(0, this.length)
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
    this.#ordered = this.length
  }

  /** Makes room for a row that belongs before others. */
  #open(at: number): void {
    this.#numbers.copyWithin(at + 1, at, this.length)
    for (const lane of this.#lanes) lane.copyWithin(at + 1, at, this.length)
    const order = this.#order
    for (let i = 0; i < this.#ordered; i++) if ((order[i] as number) >= at) order[i] = (order[i] as number) + 1
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
