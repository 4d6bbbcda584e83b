import { grown } from '../../column.ts'
import type { WholeColumn } from '../../history.ts'
import type { CategoricalDimension } from './dimension.ts'
import type { KernelOptions, Lane } from './lane.ts'

/** A kernel prefers its own choice; the prior prefers none. */
export class CategoricalLane implements Lane {
  readonly peak = 0
  readonly #choices: number
  readonly #priorWeight: number
  #observed = new Int32Array(0)
  #own = 0
  #other = 0
  #logOwn = 0
  #logOther = 0

  constructor({ choices }: CategoricalDimension, { priorWeight = 1 }: KernelOptions) {
    this.#choices = choices
    this.#priorWeight = priorWeight
  }

  reserve(rows: number): void {
    if (rows > this.#observed.length) this.#observed = grown(this.#observed, new Int32Array(rows))
  }

  settle(count: number): void {
    const share = this.#priorWeight / (count + 1)
    const sum = 1 + this.#choices * share
    this.#own = (1 + share) / sum
    this.#other = share / sum
    this.#logOwn = Math.log(this.#own)
    this.#logOther = Math.log(this.#other)
  }

  join(row: number, value: number): void {
    this.#observed[row] = value
  }

  leave(): void {}

  build({ values }: WholeColumn, rows: number): void {
    this.#observed.set(values.subarray(0, rows))
  }

  insert(at: number, end: number): void {
    this.#observed.copyWithin(at + 1, at, end)
  }

  add(sums: Float64Array, value: number, rows: Int32Array, count: number): void {
    const observed = this.#observed
    const own = this.#logOwn
    const other = this.#logOther
    for (let i = 0; i < count; i++) sums[i] = (sums[i] as number) + (observed[rows[i] as number] === value ? own : other)
  }

  logPrior(): number {
    return -Math.log(this.#choices)
  }

  shape(row?: number): readonly number[] {
    if (row === undefined) return new Array<number>(this.#choices).fill(1 / this.#choices)
    return new Array<number>(this.#choices).fill(this.#other).with(this.#observed[row] as number, this.#own)
  }

  quantile(q: number, row?: number): number {
    let below = 0
    for (const [choice, share] of this.shape(row).entries()) {
      below += share
      if (q < below) return choice
    }
    return this.#choices - 1
  }
}
