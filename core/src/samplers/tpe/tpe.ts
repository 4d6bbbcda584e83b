import { isSingle, snapped } from '../../distributions.ts'
import { problem } from '../../errors.ts'
import type { History, HistoryOutcomes } from '../../history.ts'
import type { Direction } from '../../objective.ts'
import { assertKnown } from '../../options.ts'
import type { Distribution, Params, ParamValue } from '../../space.ts'
import { stateCodes } from '../../trial-log.ts'
import { uniform } from '../random.ts'
import type { Sampler } from '../sampler.ts'
import { bestPoint } from './best-point.ts'
import { triesAnyBranch } from './branches.ts'
import { type Entries, liesOf, Observations } from './observations.ts'
import { bestNumbers } from './split.ts'
import { gamma } from './weights.ts'

export interface TpeOptions {
  /** Trials that are drawn at random first. Default 10. */
  readonly startupTrials?: number
  /** Draws the parameters that all trials have in common together. Default true. */
  readonly multivariate?: boolean
  /** Takes running trials for bad ones, so that parallel trials keep apart. Default true. */
  readonly constantLiar?: boolean
  /** Points that are drawn from the good trials; then as many are crossed with the best of them, and the best of all is taken. Default 24. */
  readonly candidates?: number
}

/**
 * The tree-structured Parzen estimator (Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; multivariate as in Falkner
 * et al., ICML 2018): models the good and the other trials by two densities and takes the point where the first is largest against the second. For
 * one objective. Densities and split are those of Optuna 5, and it differs from that in three rules:
 *
 * - The best of the candidates is crossed with as many fresh ones, which finds better points for the same model.
 * - A parameter that only some trials have is modelled by the best of these, not by the best of all, which may be in other branches.
 * - A categorical parameter that decides which others there are is at times drawn at random, so that no branch is given up before it was learned.
 */
export function tpe(options: TpeOptions = {}): Sampler {
  assertKnown('samplers.tpe', options, ['startupTrials', 'multivariate', 'constantLiar', 'candidates'])
  const { startupTrials = 10, multivariate = true, constantLiar = true, candidates = 24 } = options
  assertWhole('startupTrials', startupTrials, 0)
  assertWhole('candidates', candidates, 1)

  const observations = new Observations()
  // Where a rule rejects what is drawn there are no bad trials, so that the best candidate lies there again and again: each rejection halves the
  // choice among candidates, until the draw is random.
  const isRandom = ({ attempt }: History, count: number): boolean => count < startupTrials || attempt >= mostAttempts

  const draw = (history: History, outcomes: HistoryOutcomes, count: number, space: Entries, purpose: string): Params => {
    const { numbers } = history.column(space[0]?.[0] ?? '')
    const isConditional = space.length === 1 && numbers.length < count
    const best = isConditional
      ? bestNumbers(outcomes, directionOf(history), gamma(numbers.length), numbers)
      : bestNumbers(outcomes, directionOf(history), gamma(count))
    const lies = constantLiar ? liesOf(history, space) : []
    return observations.model(history, space, best, count, lies, ({ below, above }) => {
      const stream = history.random(purpose)
      const point = bestPoint(below, above, stream, Math.max(candidates >> history.attempt, 1))
      for (const [index, [name, distribution]] of space.entries())
        if (distribution.kind === 'categorical' && triesAnyBranch(history, name, outcomes, best, stream.next()))
          point[index] = stream.int(0, distribution.choices.length - 1)
      return Object.fromEntries(space.map(([name, distribution], index) => [name, toExternal(distribution, point[index] as number)]))
    })
  }

  return {
    name: 'tpe',
    sampleJoint(history, space) {
      assertOneObjective(history)
      const entries = Object.entries(space).filter(([, distribution]) => !isSingle(distribution))
      if (!multivariate || entries.length === 0) return { params: {} }
      const outcomes = history.outcomes()
      const count = counted(outcomes)
      return { params: isRandom(history, count) ? {} : draw(history, outcomes, count, entries, 'tpe') }
    },
    sample(name, distribution, history): ParamValue {
      assertOneObjective(history)
      const outcomes = history.outcomes()
      const count = counted(outcomes)
      if (isRandom(history, count)) return uniform(distribution, history.random(name))
      return draw(history, outcomes, count, [[name, distribution]], name)[name] as ParamValue
    }
  }
}

const mostAttempts = 16

/** Complete and pruned trials. */
function counted({ states }: HistoryOutcomes): number {
  let count = 0
  for (let row = 0; row < states.length; row++) if (states[row] !== stateCodes.failed) count++
  return count
}

function directionOf({ directions }: History): Direction {
  return directions[0] ?? 'minimize'
}

function toExternal(distribution: Distribution, value: number): ParamValue {
  return distribution.kind === 'categorical' ? (distribution.choices[value] as ParamValue) : snapped(distribution, value)
}

function assertOneObjective({ directions }: History): void {
  if (directions.length > 1)
    throw problem('OPTION', 'sampler', 'a sampler for several objectives, such as samplers.random()', 'samplers.tpe()')
}

function assertWhole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) throw problem('OPTION', name, `a whole number >= ${least}`, value)
}
