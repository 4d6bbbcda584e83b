import { rowOf } from '../../column.ts'
import type { History, HistoryOutcomes } from '../../history.ts'
import type { ParamValue } from '../../space.ts'

// So many complete trials show how a space is built.
const looked = 50

/**
 * Whether the choice of a categorical parameter decides if another parameter is there: among the first complete trials, each choice that was seen
 * twice or more always comes with the other parameter, or never does, and both kinds are among them.
 */
export function isBranching(history: History, name: string): boolean {
  const trials = new Map<ParamValue, number>()
  const others = new Map<string, Map<ParamValue, number>>()
  let left = looked
  for (const { params } of history.trials('complete')) {
    const choice = params[name]
    if (choice !== undefined) {
      trials.set(choice, (trials.get(choice) ?? 0) + 1)
      for (const other of Object.keys(params)) {
        const counts = others.get(other) ?? new Map<ParamValue, number>()
        others.set(other, counts.set(choice, (counts.get(choice) ?? 0) + 1))
      }
    }
    left--
    if (left === 0) break
  }
  const seen = [...trials].filter(([, count]) => count >= 2)
  return [...others.values()].some(counts => {
    const [always, never] = [seen.filter(([choice, count]) => counts.get(choice) === count), seen.filter(([choice]) => !counts.has(choice))]
    return always.length > 0 && never.length > 0 && always.length + never.length === seen.length
  })
}

/**
 * Whether a branch is to be chosen at random instead of by TPE, which `u`, uniform in [0, 1), decides. The good trials of a space with branches come from
 * the branch that was learned first, and from then on no other one is: a better branch with more parameters needs trials of its own before it shows.
 * So chance has the weight that the prior has beside the good trials; and where these repeat each other, params and value, so that one trial more of their branch teaches
 * nothing, the share of the repeats.
 */
export function triesAnyBranch(history: History, name: string, outcomes: HistoryOutcomes, best: readonly number[], u: number): boolean {
  const values = new Set(best.map(number => outcomes.values[rowOf(outcomes.numbers, number)]))
  // Trials of different values are different trials, which mostly is enough to know.
  if (u >= chanceOfAnyBranch(best.length, values.size) || !isBranching(history, name)) return false
  const trials = new Set<string>()
  for (const number of best) {
    const record = history.record(number)
    if (record) trials.add(JSON.stringify([record.value, record.params]))
  }
  return u < chanceOfAnyBranch(best.length, trials.size)
}

/** Of good trials, of which so many differ. */
function chanceOfAnyBranch(good: number, distinct: number): number {
  return Math.max(1 / (distinct + 1), 1 - distinct / Math.max(good, 1))
}
