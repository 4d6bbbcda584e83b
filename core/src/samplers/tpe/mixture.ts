import type { WholeColumn } from '../../history.ts'
import { type Dimension, toKernelScale, toValue } from './dimension.ts'
import { type KernelOptions, type Lane, laneOf } from './lane.ts'
import { expBelowZero, logSum } from './normal.ts'
import { observationWeights, type Weights } from './weights.ts'

/** A running trial, taken for one that is not good. */
export interface Lie {
  readonly number: number
  /** One per parameter, in internal form. */
  readonly values: readonly number[]
}
/** The observations of one draw: the rows of the columns, without some, and trials that run. */
export interface Members {
  readonly columns: readonly WholeColumn[]
  /** Rows from this one on are beyond the view. */
  readonly rows: number
  /** Rows that do not belong to it, ascending. */
  readonly without?: readonly number[]
  readonly lies?: readonly Lie[]
}

// More rows than this, and than an eighth of what is there, are put in order at once.
const mostJoins = 64
// Components that are summed at a time.
const blockSize = 48
// Sorting components out costs about as much as a parameter does, so it is done after this many, and not for a few of them.
const telling = 2
const few = 32
// A component so far below others, in logarithms, is lost in their last digit.
const negligible = -45

/**
 * A Parzen estimator: for each observation the product of its parameters' kernels, and the prior, in a weighted mixture. It is kept from draw to
 * draw: between two draws few trials join or leave, and only their kernels and their neighbours' change.
 */
export class Mixture {
  /** The first block holds the prior and the running trials, the others the rows from the newest on. */
  blocks = 1
  /** How many observations there are; the prior is one component more, and the last. */
  count = 0
  readonly #dimensions: readonly Dimension[]
  readonly #lanes: readonly Lane[]
  readonly #priorWeight: number
  /** Places of the lanes, those first that tell most of a component from a few values. */
  readonly #order: readonly number[]
  readonly #looked = new Int32Array(blockSize)
  readonly #sums = new Float64Array(blockSize)
  #isMember = new Uint8Array(0)
  #weights = new Float64Array(0)
  #numbers: Int32Array = new Int32Array(0)
  /** How many rows of the columns it has seen. */
  rows = 0
  /** How many rows it knows of that were put in before others. */
  #inserted = 0
  /** Running trials count on from here, past all rows of the columns. */
  #base = 0
  #without: readonly number[] = []
  #lies: readonly Lie[] = []
  #scale: Weights = observationWeights(0)
  #prior = 1
  #total = 1
  #logPrior = 0
  /** Weights are set from the newest row down to this one, for the `#rank` newest observations; the lies up to `#lie` still lack theirs. */
  #weighted = 0
  #rank = 0
  #lie = 0

  constructor(dimensions: readonly Dimension[], options: KernelOptions = {}) {
    this.#dimensions = dimensions
    this.#priorWeight = options.priorWeight ?? 1
    this.#lanes = dimensions.map(dimension => laneOf(dimension, options, row => this.#isMember[row] === 1))
    this.#order = dimensions.map((_, d) => d).sort((a, b) => breadth(dimensions[a] as Dimension) - breadth(dimensions[b] as Dimension))
  }

  /** Brings the mixture up to date. Its columns are those of earlier calls, grown. `end` must be called after a draw with running trials. */
  begin({ columns, rows, without = [], lies = [] }: Members, weights?: Weights): this {
    const { numbers, inserted } = columns[0] as WholeColumn
    this.#base = numbers.length
    this.#reserve(this.#base + lies.length)
    this.#numbers = numbers
    for (; this.#inserted < inserted.length; this.#inserted++) this.#insert(inserted[this.#inserted] as number)
    const out = new Set(without)
    if (rows - this.rows > Math.max(mostJoins, this.rows / 8)) this.#build(columns, rows, out)
    else {
      for (const row of without) if (row < this.rows && this.#isMember[row] === 1) this.#leave(row)
      for (const row of this.#without) if (row < rows && !out.has(row)) this.#join(row, columns)
      for (let row = this.rows; row < rows; row++) if (!out.has(row)) this.#join(row, columns)
    }
    this.rows = rows
    this.#without = without
    this.#lies = lies.toSorted((a, b) => a.number - b.number)
    for (const [index, lie] of this.#lies.entries()) this.#joinLie(this.#base + index, lie, columns)
    this.count = rows - without.length + lies.length
    for (const lane of this.#lanes) lane.settle(this.count)
    this.#scale = weights ?? observationWeights(this.count)
    // Without observations the prior is all there is, whatever its weight.
    this.#prior = this.count === 0 ? 1 : this.#priorWeight
    this.#total = this.#scale.sum + this.#prior
    this.#logPrior = Math.log(this.#prior / this.#total)
    this.#weighted = rows
    this.#rank = 0
    this.#lie = this.#lies.length - 1
    this.blocks = Math.ceil(rows / blockSize) + 1
    return this
  }

  /** Takes the running trials out again. */
  end(): void {
    for (let index = this.#lies.length - 1; index >= 0; index--) this.#leave(this.#base + index)
    this.#lies = []
  }

  /** The weight of an observation by its place from the oldest on, or of the prior; all sum to 1. */
  weight(component: number): number {
    return (component === this.count ? this.#prior : this.#scale.of(component)) / this.#total
  }

  /** The log density of a point, whose values are on the kernels' scale. */
  logDensity(point: readonly number[]): number {
    let sum = Number.NEGATIVE_INFINITY
    for (let block = 0; block < this.blocks; block++) sum = this.addBlock(sum, block, point)
    return sum
  }

  /** The part of it that is known from some blocks, which grows by one more. */
  addBlock(sum: number, block: number, point: readonly number[]): number {
    if (block === 0) return this.#addOthers(sum, point)
    const to = this.rows - (block - 1) * blockSize
    const from = Math.max(to - blockSize, 0)
    this.#weigh(from)
    return this.#add(sum, point, from, to)
  }

  /** A component, drawn by its weight from `q`, uniform in [0, 1). */
  component(q: number): number {
    let sum = 0
    for (let k = 0; k <= this.count; k++) {
      sum += this.weight(k)
      if (q < sum) return k
    }
    return this.count
  }

  /** The centre and width of a component's kernel in one parameter, or its probability of each choice. */
  shape(component: number, parameter: number): readonly number[] {
    return (this.#lanes[parameter] as Lane).shape(component === this.count ? undefined : component)
  }

  /** A point of one component of a mixture of whole columns, from one uniform number per parameter: values in internal form. */
  sample(component: number, uniform: (parameter: number) => number): number[] {
    return this.#lanes.map((_, parameter) => this.value(component, parameter, uniform(parameter)))
  }

  /** One of its values: the quantile `q`, in [0, 1). */
  value(component: number, parameter: number, q: number): number {
    const dimension = this.#dimensions[parameter] as Dimension
    const drawn = (this.#lanes[parameter] as Lane).quantile(q, component === this.count ? undefined : component)
    return dimension.kind === 'numerical' ? toValue(dimension, drawn) : drawn
  }

  /** Internal values on the kernels' scale. */
  scaled(point: readonly number[]): number[] {
    return point.map((value, parameter) => toKernelScale(this.#dimensions[parameter] as Dimension, value))
  }

  /** The prior and the running trials. */
  #addOthers(before: number, point: readonly number[]): number {
    let prior = this.#logPrior
    for (let d = 0; d < this.#lanes.length; d++) prior += (this.#lanes[d] as Lane).logPrior(point[d] as number)
    let sum = logSum(before, prior)
    if (this.#lies.length === 0) return sum
    this.#weigh(this.#olderThanLies())
    const end = this.#base + this.#lies.length
    for (let from = this.#base; from < end; from += blockSize) sum = this.#add(sum, point, from, Math.min(from + blockSize, end))
    return sum
  }

  /** The first row that is older than every lie; down to it the weights of the lies are known. */
  #olderThanLies(): number {
    const oldest = (this.#lies[0] as Lie).number
    let row = this.rows
    while (row > 0 && (this.#numbers[row - 1] as number) > oldest) row--
    return Math.max(row - 1, 0)
  }

  /** After the first parameters, which tell most, looks on only at those components that may still count beside `before`. */
  #add(before: number, point: readonly number[], from: number, to: number): number {
    const weights = this.#weights
    const looked = this.#looked
    const sums = this.#sums
    let left = 0
    for (let row = from; row < to; row++) if ((weights[row] as number) > 0) looked[left++] = row
    sums.fill(0, 0, left)
    let most = 0
    for (const lane of this.#lanes) most += lane.peak
    for (let place = 0; place < this.#order.length; place++) {
      const d = this.#order[place] as number
      const lane = this.#lanes[d] as Lane
      lane.add(sums, point[d] as number, looked, left)
      most -= lane.peak
      if (place >= telling || left <= few) continue
      const least = before + negligible - most
      let kept = 0
      for (let i = 0; i < left; i++) {
        const sum = sums[i] as number
        if (!(sum > least)) continue
        sums[kept] = sum
        looked[kept++] = looked[i] as number
      }
      left = kept
    }
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < left; i++) if ((sums[i] as number) > largest) largest = sums[i] as number
    if (largest === Number.NEGATIVE_INFINITY) return before
    let sum = 0
    for (let i = 0; i < left; i++) {
      const below = (sums[i] as number) - largest
      if (below > negligible) sum += (weights[looked[i] as number] as number) * expBelowZero(below)
    }
    return logSum(before, largest + Math.log(sum))
  }

  /** Sets the weights from where they end down to a row: by each trial's place among all, lies included. */
  #weigh(from: number): void {
    const next = (): number => this.weight(this.count - 1 - this.#rank++)
    const lies = (number: number): void => {
      while (this.#lie >= 0 && (this.#lies[this.#lie] as Lie).number > number) this.#weights[this.#base + this.#lie--] = next()
    }
    for (; this.#weighted > from; this.#weighted--) {
      const row = this.#weighted - 1
      lies(this.#numbers[row] as number)
      this.#weights[row] = this.#isMember[row] === 1 ? next() : 0
    }
    if (from === 0) lies(-1)
  }

  /** A row was put in before those from this one on; its trial has not joined yet. */
  #insert(at: number): void {
    if (at >= this.rows) return
    for (const lane of this.#lanes) lane.insert(at, this.rows)
    this.#isMember.copyWithin(at + 1, at, this.rows)
    this.#isMember[at] = 0
    this.#without = [...this.#without.map(row => (row >= at ? row + 1 : row)), at]
    this.rows++
  }

  /** All rows at once, whatever has joined before. */
  #build(columns: readonly WholeColumn[], rows: number, out: ReadonlySet<number>): void {
    for (let row = 0; row < rows; row++) this.#isMember[row] = out.has(row) ? 0 : 1
    for (const [d, lane] of this.#lanes.entries()) lane.build(columns[d] as WholeColumn, rows)
  }

  #join(row: number, columns: readonly WholeColumn[]): void {
    for (const [d, lane] of this.#lanes.entries()) {
      const column = columns[d] as WholeColumn
      const value = column.values[row] as number
      lane.join(row, value, column, other => isBefore(column.values[other] as number, other, value, row))
    }
    this.#isMember[row] = 1
  }

  #joinLie(row: number, { number, values }: Lie, columns: readonly WholeColumn[]): void {
    for (const [d, lane] of this.#lanes.entries()) {
      const column = columns[d] as WholeColumn
      const value = values[d] as number
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
      const size = Math.max(2 * this.#isMember.length, rows, 32)
      const members = new Uint8Array(size)
      members.set(this.#isMember)
      this.#isMember = members
      this.#weights = new Float64Array(size)
    }
    for (const lane of this.#lanes) lane.reserve(this.#isMember.length)
  }
}

/** Kernels of continuous values are the narrowest, those of choices the broadest. */
function breadth(dimension: Dimension): number {
  return dimension.kind === 'categorical' ? 2 : dimension.step > 0 ? 1 : 0
}

function isBefore(value: number, number: number, other: number, otherNumber: number): boolean {
  return value < other || (value === other && number < otherNumber)
}
