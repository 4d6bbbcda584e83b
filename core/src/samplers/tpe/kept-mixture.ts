import type { WholeColumn } from '../../history.ts'
import type { Densities } from './best-candidate.ts'
import type { Dimension } from './dimension.ts'
import { logPrior } from './grid-masses.ts'
import { blockSize, type Lie } from './group.ts'
import { type KernelLane, kernelLane } from './kernel-lane.ts'
import { logSum } from './normal.ts'
import { observationWeights, type Weights } from './weights.ts'

/** The trials of one draw: all rows of the columns but the good ones, and those that run. */
export interface Members {
  readonly columns: readonly WholeColumn[]
  /** Rows from this one on are beyond the view. */
  readonly rows: number
  /** Rows of the good trials, ascending. */
  readonly good: readonly number[]
  readonly lies: readonly Lie[]
}

/**
 * The mixture of all trials that are not good, kept from draw to draw: between two draws few trials join or leave, and only their kernels and
 * their neighbours' change. The same densities as those of a `Mixture` of the same trials, without looking at each trial again.
 */
export class KeptMixture implements Densities {
  blocks = 1
  readonly #lanes: readonly KernelLane[]
  readonly #dimensions: readonly Dimension[]
  readonly #sums = new Float64Array(blockSize)
  #isMember = new Uint8Array(0)
  #weights = new Float64Array(0)
  #rows = 0
  /** Running trials count on from here, past all rows of the columns. */
  #base = 0
  #good: readonly number[] = []
  #lies: readonly Lie[] = []
  /** Weights are set from the newest row down to this one, `#rank` of them. */
  #weighted = 0
  #rank = 0
  #lie = 0
  #scale: Weights = observationWeights(0)
  #numbers: Int32Array = new Int32Array(0)

  constructor(dimensions: readonly Dimension[]) {
    this.#dimensions = dimensions
    this.#lanes = dimensions.map(dimension => kernelLane(dimension, row => this.#isMember[row] === 1))
  }

  /** Brings the mixture up to date. Its columns are those of earlier calls, grown; `end` must be called after the draw. */
  begin({ columns, rows, good, lies }: Members): void {
    const { numbers } = columns[0] as WholeColumn
    this.#base = numbers.length
    this.#reserve(this.#base + lies.length)
    this.#numbers = numbers
    const isGood = new Set(good)
    const leaving = good.filter(row => row < this.#rows && this.#isMember[row] === 1)
    const joining = this.#good.filter(row => row < rows && !isGood.has(row))
    for (const row of leaving) this.#leave(row)
    for (const row of joining) this.#join(row, columns)
    for (let row = this.#rows; row < rows; row++) if (!isGood.has(row)) this.#join(row, columns)
    this.#rows = rows
    this.#good = good
    this.#lies = lies.toSorted((a, b) => a.number - b.number)
    for (const [index, lie] of this.#lies.entries()) this.#joinLie(this.#base + index, lie, columns)
    const count = rows - good.length + lies.length
    for (const lane of this.#lanes) lane.resize(count)
    this.#scale = observationWeights(count)
    this.#weighted = rows
    this.#rank = 0
    this.#lie = this.#lies.length - 1
    // One block more for what is in no row: the prior and the running trials.
    this.blocks = Math.ceil(rows / blockSize) + 1
  }

  /** Takes the running trials out again. */
  end(): void {
    for (let index = this.#lies.length - 1; index >= 0; index--) this.#leave(this.#base + index)
    this.#lies = []
  }

  logDensityOf(block: number, point: Float64Array): number {
    if (block === 0) return this.#logDensityOfOthers(point)
    const to = this.#rows - (block - 1) * blockSize
    const from = Math.max(to - blockSize, 0)
    this.#weigh(from)
    return this.#logSum(point, from, to)
  }

  /** The prior and the running trials. */
  #logDensityOfOthers(point: Float64Array): number {
    let sum = -Math.log(this.#scale.sum + 1)
    for (const [parameter, dimension] of this.#dimensions.entries())
      sum += dimension.kind === 'categorical' ? -Math.log(dimension.choices) : logPrior(dimension, point[parameter] as number)
    if (this.#lies.length === 0) return sum
    this.#weigh(this.#olderThanLies())
    const end = this.#base + this.#lies.length
    for (let from = this.#base; from < end; from += blockSize) sum = logSum(sum, this.#logSum(point, from, Math.min(from + blockSize, end)))
    return sum
  }

  /** The first row that is older than every lie, whose weights are then known. */
  #olderThanLies(): number {
    const oldest = (this.#lies[0] as Lie).number
    let row = this.#rows
    while (row > 0 && (this.#numbers[row - 1] as number) > oldest) row--
    return Math.max(row - 1, 0)
  }

  #logSum(point: Float64Array, from: number, to: number): number {
    const weights = this.#weights
    const sums = this.#sums.fill(0, 0, to - from)
    for (let d = 0; d < this.#lanes.length; d++) (this.#lanes[d] as KernelLane).add(sums, point[d] as number, from, to)
    let largest = Number.NEGATIVE_INFINITY
    for (let row = from; row < to; row++)
      if ((weights[row] as number) > 0 && (sums[row - from] as number) > largest) largest = sums[row - from] as number
    if (largest === Number.NEGATIVE_INFINITY) return largest
    let sum = 0
    for (let row = from; row < to; row++) {
      const weight = weights[row] as number
      if (weight > 0) sum += weight * Math.exp((sums[row - from] as number) - largest)
    }
    return largest + Math.log(sum)
  }

  /** Sets the weights from where they end down to a row: by each trial's place among all, lies included. */
  #weigh(from: number): void {
    const { of, sum } = this.#scale
    const count = this.#rows - this.#good.length + this.#lies.length
    const next = (): number => of(count - 1 - this.#rank++) / (sum + 1)
    for (; this.#weighted > from; this.#weighted--) {
      const row = this.#weighted - 1
      this.#weighLies(this.#numbers[row] as number, next)
      this.#weights[row] = this.#isMember[row] === 1 ? next() : 0
    }
    if (from === 0) this.#weighLies(-1, next)
  }

  #weighLies(number: number, next: () => number): void {
    while (this.#lie >= 0 && (this.#lies[this.#lie] as Lie).number > number) this.#weights[this.#base + this.#lie--] = next()
  }

  #join(row: number, columns: readonly WholeColumn[]): void {
    for (const [d, lane] of this.#lanes.entries()) {
      const column = columns[d] as WholeColumn
      const value = column.values[row] as number
      lane.join(row, value, column, other => isBefore(column.values[other] as number, other, value, row))
    }
    this.#isMember[row] = 1
  }

  #joinLie(row: number, lie: Lie, columns: readonly WholeColumn[]): void {
    const { number } = lie
    for (const [d, lane] of this.#lanes.entries()) {
      const column = columns[d] as WholeColumn
      const value = lie.values[d] as number
      lane.join(row, value, column, other => {
        if (other < this.#base) return isBefore(column.values[other] as number, column.numbers[other] as number, value, number)
        const another = this.#lies[other - this.#base] as Lie
        return isBefore(another.values[d] as number, another.number, value, number)
      })
    }
    this.#isMember[row] = 1
  }

  #leave(row: number): void {
    this.#isMember[row] = 0
    for (const lane of this.#lanes) lane.leave(row)
  }

  #reserve(rows: number): void {
    if (rows > this.#isMember.length) {
      const size = Math.max(2 * this.#isMember.length, rows, 64)
      const members = new Uint8Array(size)
      members.set(this.#isMember)
      this.#isMember = members
      this.#weights = new Float64Array(size)
    }
    for (const lane of this.#lanes) lane.reserve(this.#isMember.length)
  }
}

function isBefore(value: number, number: number, other: number, otherNumber: number): boolean {
  return value < other || (value === other && number < otherNumber)
}
