/**
 * Memory for one draw: arrays that live until the next `reset`, out of a few large ones that are kept. A draw over ten thousand trials would
 * otherwise allocate megabytes each time.
 */
export class Arena {
  #floats = new Float64Array(1024)
  #ints = new Int32Array(1024)
  #floatsUsed = 0
  #intsUsed = 0

  /** Gives everything back; what was handed out before must not be used any more. */
  reset(): void {
    this.#floatsUsed = this.#intsUsed = 0
  }

  /** Numbers whose values are not set. */
  floats(length: number): Float64Array {
    const end = this.#floatsUsed + length
    if (end > this.#floats.length) {
      // What is handed out keeps its old memory.
      this.#floats = new Float64Array(2 * Math.max(end, this.#floats.length))
      this.#floatsUsed = 0
    }
    const array = this.#floats.subarray(this.#floatsUsed, this.#floatsUsed + length)
    this.#floatsUsed += length
    return array
  }

  /** Whole numbers whose values are not set. */
  ints(length: number): Int32Array {
    const end = this.#intsUsed + length
    if (end > this.#ints.length) {
      this.#ints = new Int32Array(2 * Math.max(end, this.#ints.length))
      this.#intsUsed = 0
    }
    const array = this.#ints.subarray(this.#intsUsed, this.#intsUsed + length)
    this.#intsUsed += length
    return array
  }
}
