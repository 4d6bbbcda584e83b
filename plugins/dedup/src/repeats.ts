import type { SpaceTable } from '@rxtuna/core'
import { dedupError } from './errors.ts'
import { spaceSize } from './space-size.ts'

const leastDraws = 1000
// One set that is left of n is missed by 20 n uniform draws once in five hundred million times.
const drawsPerSet = 20
const mostDraws = 100_000

/** The repeats that one trial has drawn: says when nothing is left to draw. */
export class Repeats {
  readonly #size: number
  readonly #different = new Set<string>()
  #draws = 0
  #largest = 0

  /** `table`: the space's, when it is one, so that its sets can be counted. */
  constructor(table: SpaceTable | undefined) {
    this.#size = table ? spaceSize(table) : Number.POSITIVE_INFINITY
  }

  /** Throws `SPACE_EXHAUSTED` when every set of the space was repeated, or too many draws were. */
  add(signature: string, distributions: SpaceTable): void {
    this.#different.add(signature)
    this.#draws++
    if (this.#different.size >= this.#size) throw dedupError('SPACE_EXHAUSTED', this.#draws)
    if (this.#draws < leastDraws) return
    // A space that is a function shows its size by what it draws, branch by branch.
    const size = spaceSize(distributions)
    if (Number.isFinite(size)) this.#largest = Math.max(this.#largest, size)
    if (this.#draws >= Math.min(Math.max(leastDraws, drawsPerSet * this.#largest), mostDraws))
      throw dedupError('SPACE_EXHAUSTED', this.#draws)
  }
}
