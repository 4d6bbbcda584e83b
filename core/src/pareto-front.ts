import { dominatesLosses, lossesOf } from './dominance.ts'
import type { Direction } from './objective.ts'
import { isFeasible, type TrialRecord } from './trial.ts'

/**
 * The complete feasible trials that no other one dominates, kept up to date trial by trial: each is compared with the front alone, not with
 * all before it. Trials with equal values stand side by side.
 */
export class ParetoFront {
  readonly #directions: readonly Direction[]
  #members: { readonly record: TrialRecord; readonly losses: Float64Array }[] = []

  constructor(directions: readonly Direction[]) {
    this.#directions = directions
  }

  /** Takes a trial in, and those out that it dominates. Returns whether it belongs to the front. */
  add(record: TrialRecord): boolean {
    if (record.state !== 'complete' || !isFeasible(record.constraints)) return false
    const losses = lossesOf(record, this.#directions)
    const members = this.#members
    for (let i = 0; i < members.length; i++) {
      const member = members[i] as (typeof members)[number]
      if (!dominatesLosses(member.losses, losses)) continue
      // What dominates one trial is likely to dominate the next, so it is asked first.
      members.splice(i, 1)
      members.unshift(member)
      return false
    }
    this.#members = members.filter(member => !dominatesLosses(losses, member.losses))
    this.#members.push({ record, losses })
    return true
  }

  /** In the order of numbers. */
  get records(): readonly TrialRecord[] {
    return this.#members.map(({ record }) => record).sort((a, b) => a.number - b.number)
  }
}
