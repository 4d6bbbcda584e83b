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
 * How often a branch is chosen at random instead of by TPE. The good trials of a space with branches come from the branch that was learned first,
 * and from then on no other one is: a better branch with more parameters needs trials of its own before it shows. So chance has the weight that the
 * prior has beside the good trials, where equal values count once; and where they repeat each other, so that trials of their branch teach little
 * more, the share of the repeats.
 */
export function chanceOfAnyBranch({ numbers, values }: HistoryOutcomes, best: readonly number[]): number {
  const distinct = new Set(best.map(number => values[rowOf(numbers, number)]))
  return Math.max(1 / (distinct.size + 1), 1 - distinct.size / Math.max(best.length, 1))
}
