/** Pairs of a trial's number and a value, in arrays that double when they are full. */
export class Column {
  #numbers = new Int32Array(8)
  #values = new Float64Array(8)
  length = 0
  /** How many finished trials went into it. */
  upTo = 0

  push(number: number, value: number): void {
    if (this.length === this.#numbers.length) {
      this.#numbers = grown(this.#numbers, new Int32Array(2 * this.length))
      this.#values = grown(this.#values, new Float64Array(2 * this.length))
    }
    this.#numbers[this.length] = number
    this.#values[this.length++] = value
  }

  get numbers(): Int32Array {
    return this.#numbers.subarray(0, this.length)
  }

  get values(): Float64Array {
    return this.#values.subarray(0, this.length)
  }

  /** How many pairs have a number below the horizon, when numbers only grow. */
  below(horizon: number): number {
    let low = 0
    let high = this.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#numbers[middle] as number) < horizon) low = middle + 1
      else high = middle
    }
    return low
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}
