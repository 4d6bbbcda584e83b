import { toExternal } from '../../../core/src/distributions.ts'
import { HistoryView } from '../../../core/src/history-view.ts'
import type { Direction } from '../../../core/src/objective.ts'
import { bestCandidate } from '../../../core/src/samplers/tpe/best-candidate.ts'
import { liesOf, Observations } from '../../../core/src/samplers/tpe/observations.ts'
import { bestNumbers } from '../../../core/src/samplers/tpe/split.ts'
import { gamma, observationWeights } from '../../../core/src/samplers/tpe/weights.ts'
import type { Distribution, SpaceTable } from '../../../core/src/space.ts'
import { TrialLog } from '../../../core/src/trial-log.ts'
import { type Components, component } from '../component.ts'
import { recordOf, type SpaceJson, spaceOf, type TrialJson } from '../json.ts'
import { type Draws, uniformOf } from './draws.ts'

interface Split {
  readonly directions: readonly Direction[]
  readonly trials: readonly TrialJson[]
  readonly n_below: number
}
interface Step {
  readonly directions: readonly Direction[]
  readonly search_space: SpaceJson
  readonly trials: readonly TrialJson[]
  readonly draws: Draws
}

const several = 'TPE for several objectives is not built yet'

export const tpe: Components = {
  tpe_weights_gamma: component<number>({
    answer: n => ({ gamma: gamma(n), weights: weightsOf(n) }),
    without: { gamma_mo: several, gamma_hyperopt: "hyperopt's rules are not offered" }
  }),

  tpe_split: component<Split>({
    answer({ directions, trials, n_below }) {
      const below = bestNumbers(historyOf(directions, trials, {}).outcomes(), directions[0] as Direction, n_below)
      const others = trials.filter(({ number, state }) => state !== 'FAIL' && state !== 'WAITING' && !below.includes(number))
      return { below, above: others.map(({ number }) => number) }
    },
    skip: ({ directions }) => (directions.length > 1 ? several : undefined)
  }),

  tpe_acquisition: component<Step>({
    answer({ directions, search_space, trials, draws }) {
      const space = spaceOf(search_space)
      const entries = Object.entries(space)
      const history = historyOf(directions, trials, space)
      const ranked = trials.filter(({ state }) => state === 'COMPLETE' || state === 'PRUNED').length
      const best = bestNumbers(history.outcomes(), directions[0] as Direction, gamma(ranked))
      const { choices, uniform } = uniformOf(entries, draws)
      return new Observations().model(history, entries, best, ranked, liesOf(history, entries), ({ below, above }) => {
        const values = choices.map((choice, sample) => below.sample(choice, parameter => uniform(parameter, sample)))
        const points = values.map(value => below.scaled(value))
        const chosen = values[bestCandidate(below, above, points)?.index ?? 0] as number[]
        return {
          candidates: columnsOf(entries, values),
          acquisition: points.map(point => below.logDensity(point) - above.logDensity(point)),
          chosen: Object.fromEntries(entries.map(([name, distribution], d) => [name, toExternal(distribution, chosen[d] as number)]))
        }
      })
    },
    skip: ({ directions }) => (directions.length > 1 ? several : undefined)
  })
}

/** Weights of all observations, the oldest first. */
function weightsOf(n: number): readonly number[] {
  const { of } = observationWeights(n)
  return Array.from({ length: n }, (_, place) => of(place))
}

/** What a new trial knows of these. */
function historyOf(directions: readonly Direction[], trials: readonly TrialJson[], space: SpaceTable): HistoryView {
  const log = new TrialLog(directions)
  for (const trial of trials) log.add(recordOf(trial, space))
  return new HistoryView('vectors', log, 0, log.next, 0, { params: true, attributes: [] })
}

function columnsOf(
  entries: readonly (readonly [string, Distribution])[],
  values: readonly (readonly number[])[]
): Record<string, number[]> {
  return Object.fromEntries(entries.map(([name], d) => [name, values.map(value => value[d] as number)]))
}
