import type { Direction } from '../objective.ts'
import { isFeasible, type TrialRecord } from '../trial.ts'

/** Counts trials by how they ended: each finished one in exactly one of the four counts. */
export class Tally {
  /** Completed by being evaluated. */
  completed = 0
  /** Pruned while being evaluated. */
  pruned = 0
  /** Completed or pruned by taking over an earlier outcome. */
  reused = 0
  failed = 0
  /** The best feasible trial; with several directions, the last one that entered the front. */
  best: TrialRecord | undefined
  readonly #directions: readonly Direction[]

  constructor(directions: readonly Direction[]) {
    this.#directions = directions
  }

  /** All finished trials. */
  get told(): number {
    return this.completed + this.pruned + this.reused + this.failed
  }

  get hasFront(): boolean {
    return this.#directions.length > 1
  }

  /** Counts a trial; one that is not finished does not count. */
  add({ state, reusedFrom }: TrialRecord): void {
    if (state === 'failed') this.failed++
    else if (state !== 'complete' && state !== 'pruned') return
    else if (reusedFrom !== undefined) this.reused++
    else if (state === 'complete') this.completed++
    else this.pruned++
  }

  /** Counts a trial of an earlier run, of which no event tells whether it was the best. */
  addEarlier(record: TrialRecord): void {
    this.add(record)
    if (this.hasFront || record.state !== 'complete' || record.value === undefined || !isFeasible(record.constraints)) return
    const { value } = record
    const best = this.best?.value
    if (best === undefined || (this.#directions[0] === 'maximize' ? value > best : value < best)) this.best = record
  }
}
