import type { HistoryOutcomes } from '../../history.ts'
import type { Direction } from '../../objective.ts'
import { stateCodes } from '../../trial-log.ts'

/**
 * The numbers of the `count` best finished trials, ascending. Complete ones come first, by value; then pruned ones, by how far they came, then by
 * what they reported there; then infeasible ones, by how much they violate. Failed trials are never among them. The rules are Optuna's.
 * Where `among` is given, only trials with these numbers count.
 */
export function bestNumbers(outcomes: HistoryOutcomes, direction: Direction, count: number, among?: Int32Array): readonly number[] {
  const members = among && new Set(among)
  const counts = (row: number): boolean => members === undefined || members.has(outcomes.numbers[row] as number)
  const found = bestComplete(outcomes, direction, count, counts)
  const missing = count - found.length
  return (missing > 0 ? [...found, ...bestOthers(outcomes, direction, missing, counts)] : found).sort((a, b) => a - b)
}

/** Follows the order of the values from its better end; of equal ones the lower numbers come first. Other rows may lie between them. */
function bestComplete(
  { numbers, values, states, violations, order }: HistoryOutcomes,
  direction: Direction,
  count: number,
  counts: (row: number) => boolean
): number[] {
  const rows: number[] = []
  const maximize = direction === 'maximize'
  for (let i = 0; i < order.length; i++) {
    const row = order[maximize ? order.length - 1 - i : i] as number
    if (states[row] !== stateCodes.complete || violations[row] !== 0 || !counts(row)) continue
    // From the upper end equal values come in the wrong order, so all of them are needed to know the first.
    if (rows.length >= count && !(maximize && values[row] === values[rows.at(-1) as number])) break
    rows.push(row)
  }
  if (maximize) rows.sort((a, b) => (values[a] === values[b] ? a - b : (values[a] as number) > (values[b] as number) ? -1 : 1))
  return rows.slice(0, count).map(row => numbers[row] as number)
}

function bestOthers(outcomes: HistoryOutcomes, direction: Direction, count: number, counts: (row: number) => boolean): readonly number[] {
  const { numbers, values, states, violations, steps } = outcomes
  const sign = direction === 'maximize' ? -1 : 1
  const pruned = new Smallest(count)
  const infeasible = new Smallest(count)
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] as number
    const value = values[row] as number
    const step = steps[row] as number
    if (states[row] === stateCodes.failed || !counts(row)) continue
    if ((violations[row] as number) > 0) infeasible.offer(number, violations[row] as number, 0)
    else if (states[row] === stateCodes.complete) continue
    else if (step < 0) pruned.offer(number, 1, 0)
    else pruned.offer(number, -step - 1, Number.isNaN(value) ? Number.POSITIVE_INFINITY : sign * value)
  }
  return [...pruned.numbers, ...infeasible.numbers].slice(0, count)
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
