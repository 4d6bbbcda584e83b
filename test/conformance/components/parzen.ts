import { dimensionOf } from '../../../core/src/samplers/tpe/dimension.ts'
import type { KernelOptions } from '../../../core/src/samplers/tpe/lane.ts'
import type { Mixture } from '../../../core/src/samplers/tpe/mixture.ts'
import { mixtureOf } from '../../../core/src/samplers/tpe/mixture-of.ts'
import type { Weights } from '../../../core/src/samplers/tpe/weights.ts'
import type { Distribution } from '../../../core/src/space.ts'
import { type Components, component } from '../component.ts'
import { type SpaceJson, spaceOf } from '../json.ts'
import { type Draws, uniformOf } from './draws.ts'

interface Sampling {
  readonly search_space: SpaceJson
  readonly observations: Readonly<Record<string, readonly number[]>>
  readonly draws: Draws
}
interface Parzen extends Omit<Sampling, 'draws'> {
  readonly predetermined_weights: readonly number[] | null
  readonly samples: Readonly<Record<string, readonly number[]>>
  readonly prior_weight: number
  readonly consider_magic_clip: boolean
  readonly consider_endpoints: boolean
}
type Entries = readonly (readonly [name: string, distribution: Distribution])[]

export const parzen: Components = {
  tpe_parzen: component<Parzen>({
    answer({ search_space, observations, predetermined_weights, samples, prior_weight, consider_magic_clip, consider_endpoints }) {
      const entries = Object.entries(spaceOf(search_space))
      const options = { priorWeight: prior_weight, magicClip: consider_magic_clip, endpoints: consider_endpoints }
      const mixture = observed(entries, observations, options, predetermined_weights)
      const count = samples[entries[0]?.[0] as string]?.length ?? 0
      return {
        weights: Array.from({ length: mixture.count + 1 }, (_, k) => mixture.weight(k)),
        kernels: entries.map(([, distribution], parameter) => kernelsOf(mixture, parameter, distribution)),
        log_pdf: Array.from({ length: count }, (_, sample) =>
          mixture.logDensity(mixture.scaled(entries.map(([name]) => samples[name]?.[sample] as number)))
        )
      }
    }
  }),

  tpe_sample: component<Sampling>({
    answer({ search_space, observations, draws }) {
      const entries = Object.entries(spaceOf(search_space))
      const mixture = observed(entries, observations)
      const { choices, uniform } = uniformOf(entries, draws)
      const values = choices.map((choice, sample) => mixture.sample(choice, parameter => uniform(parameter, sample)))
      return Object.fromEntries(entries.map(([name], d) => [name, values.map(value => value[d])]))
    }
  })
}

function observed(
  entries: Entries,
  observations: Parzen['observations'],
  options: KernelOptions = {},
  weights: readonly number[] | null = null
): Mixture {
  const parameters = entries.map(([name, distribution]) => ({ dimension: dimensionOf(distribution), values: observations[name] ?? [] }))
  return mixtureOf(parameters, options, weights ? weightsOf(weights) : undefined)
}

function weightsOf(weights: readonly number[]): Weights {
  return { sum: weights.reduce((sum, weight) => sum + weight, 0), of: place => weights[place] as number }
}

/** All kernels of a parameter, the oldest observation's first and the prior last. */
function kernelsOf(mixture: Mixture, parameter: number, distribution: Distribution): unknown {
  const shapes = Array.from({ length: mixture.count + 1 }, (_, k) => mixture.shape(k, parameter))
  const dimension = dimensionOf(distribution)
  if (dimension.kind === 'categorical' || distribution.kind === 'categorical') return { kind: 'Categorical', weights: shapes }
  const { step, log } = dimension
  const { low, high } = distribution
  return {
    kind: `${step === 0 ? '' : 'Discrete'}Trunc${log ? 'Log' : ''}Norm`,
    mu: shapes.map(([mu]) => mu),
    sigma: shapes.map(([, sigma]) => sigma),
    low,
    high,
    ...(step === 0 ? {} : { step })
  }
}
