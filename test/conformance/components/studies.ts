import { constrainedDominates, dominates } from '../../../core/src/dominance.ts'
import { repeats } from '../../../core/src/enqueueing.ts'
import { nondominationRanks, onFront } from '../../../core/src/nondomination.ts'
import type { Direction } from '../../../core/src/objective.ts'
import type { ParamValue } from '../../../core/src/space.ts'
import { isFeasible, type Json, trialRecord, violation } from '../../../core/src/trial.ts'
import { TrialLog } from '../../../core/src/trial-log.ts'
import { type Components, component } from '../component.ts'
import { recordOf, type TrialJson } from '../json.ts'

interface Tagged {
  readonly t: 'int' | 'float' | 'bool' | 'str' | 'NoneType'
  readonly v: ParamValue
}
type TaggedParams = Readonly<Record<string, Tagged>>
interface Enqueue {
  readonly existing: readonly TaggedParams[]
  readonly params: TaggedParams
}
interface Ranked {
  readonly loss_values: readonly (readonly number[])[]
  readonly penalty: readonly number[] | null
  readonly n_below: number | null
}
interface Trials {
  readonly directions: readonly Direction[]
  readonly trials: readonly TrialJson[]
}

export const studies: Components = {
  enqueue_skip: component<Enqueue>({
    answer: ({ existing, params }) => ({ ok: isRepeated(existing, params) }),
    skip({ existing, params }) {
      const told = existing.filter(each => !isMixed(each, params))
      return isRepeated(existing, params) === isRepeated(told, params) ? undefined : 'Python tells 1 from 1.0, JavaScript does not'
    }
  }),

  constraints_merge: component<Readonly<Record<string, Json>>, { readonly constraints: readonly (readonly [string, number])[] }>({
    answer(systemAttributes) {
      const nothing = { values: [], params: {}, distributions: {}, reports: [], attributes: {} }
      const { constraints } = trialRecord({ number: 0, state: 'complete', ...nothing, systemAttributes })
      return { constraints: Object.entries(constraints), feasible: isFeasible(constraints), violation: violation(constraints) }
    },
    // Names that are integers come first in an object.
    expect: expected => ({ ...expected, constraints: Object.entries(Object.fromEntries(expected.constraints)) })
  }),

  dominates: component<Trials>({
    answer({ directions, trials }) {
      const [a, b] = trials.map(trial => recordOf(trial)) as [ReturnType<typeof recordOf>, ReturnType<typeof recordOf>]
      return {
        dominates: [dominates(a, b, directions), dominates(b, a, directions)],
        constrained_dominates: [constrainedDominates(a, b, directions), constrainedDominates(b, a, directions)]
      }
    }
  }),

  nondomination_rank: component<Ranked>({
    answer: ({ loss_values, penalty, n_below }) => ({
      ranks: [
        ...nondominationRanks(loss_values, {
          ...(penalty ? { penalties: penalty } : {}),
          ...(n_below === null ? {} : { atLeast: n_below })
        })
      ],
      pareto: onFront(loss_values)
    })
  }),

  pareto_front_trials: component<Trials, object>({
    answer({ directions, trials }) {
      const log = new TrialLog(directions)
      for (const trial of trials) log.add(recordOf(trial))
      const best = log.best?.number ?? { error: 'no feasible trial' }
      return directions.length > 1 ? { best_trials: log.front().map(({ number }) => number) } : { best_trial: best }
    },
    expect: expected => {
      const { best_trial: best } = expected as { readonly best_trial?: unknown }
      return typeof best === 'object' && best !== null && 'ok' in best ? { best_trial: best.ok } : expected
    }
  })
}

function isRepeated(existing: readonly TaggedParams[], params: TaggedParams): boolean {
  return existing.some(each => repeats({ params: untagged(each), systemAttributes: {} }, untagged(params)))
}

function untagged(params: TaggedParams): Record<string, ParamValue> {
  return Object.fromEntries(Object.entries(params).map(([name, { v }]) => [name, v]))
}

/** Whether a parameter is an int or a bool on one side, and a float on the other. */
function isMixed(existing: TaggedParams, params: TaggedParams): boolean {
  return Object.entries(params).some(([name, { t }]) => {
    const other = existing[name]?.t
    return (t === 'float' && other === 'int') || (other === 'float' && (t === 'int' || t === 'bool'))
  })
}
