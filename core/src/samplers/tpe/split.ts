import type { History } from '../../history.ts'
import type { Direction } from '../../objective.ts'
import { stateCodes } from '../../trial-log.ts'

/** Finished trials in the order of numbers, as a history gives them. */
export type Outcomes = ReturnType<History['outcomes']>

/**
 * The numbers of the `count` best finished trials, ascending. Complete ones come first, by value; then pruned ones, by how far they came, then by
 * what they reported there; then infeasible ones, by how much they violate. Failed trials are never among them. The rules are Optuna's.
 */
export function bestNumbers(outcomes: Outcomes, direction: Direction, count: number): readonly number[] {
  const { numbers, values, states, violations, steps } = outcomes
  const sign = direction === 'maximize' ? -1 : 1
  const complete = new Smallest(count)
  const pruned = new Smallest(count)
  const infeasible = new Smallest(count)
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number
    const value = values[i] as number
    const step = steps[i] as number
    if (states[i] === stateCodes.failed) continue
    if ((violations[i] as number) > 0) infeasible.offer(number, violations[i] as number, 0)
    else if (states[i] === stateCodes.complete) complete.offer(number, sign * value, 0)
    else if (step < 0) pruned.offer(number, 1, 0)
    else pruned.offer(number, -step - 1, Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value)
  }
  return [...complete.numbers, ...pruned.numbers, ...infeasible.numbers].slice(0, count).sort((a, b) => a - b)
}

/** Keeps the few smallest of many pairs, of equal ones those that were offered earlier. */
class Smallest {
  readonly #most: number
  readonly #kept: { readonly number: number; readonly first: number; readonly second: number }[] = []

  constructor(most: number) {
    this.#most = most
  }

  get numbers(): readonly number[] {
    return this.#kept.map(({ number }) => number)
  }

  offer(number: number, first: number, second: number): void {
    const kept = this.#kept
    if (kept.length === this.#most) {
      const largest = kept[kept.length - 1]
      if (largest === undefined || first > largest.first || (first === largest.first && second >= largest.second)) return
      kept.pop()
    }
    let at = kept.length
    for (; at > 0; at--) {
      const before = kept[at - 1] as (typeof kept)[number]
      if (before.first < first || (before.first === first && before.second <= second)) break
    }
    kept.splice(at, 0, { number, first, second })
  }
}
