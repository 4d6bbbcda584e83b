import type { History } from '../history.ts'
import type { Distribution, Params, ParamValue, SpaceTable } from '../space.ts'
import type { Json, TrialOutcome } from '../trial.ts'

/** Params that were drawn together, and what the sampler wants stored with the trial from its start on. */
export interface Draw {
  readonly params: Params
  readonly systemAttributes?: Readonly<Record<string, Json>>
}

/** Chooses the next params. Holds no generator state: every draw comes from `history.random`. */
export interface Sampler {
  readonly name: string
  /** Never draws the same params twice for one trial, so that `where` may reject any number of draws until `'exhausted'`. */
  readonly systematic?: boolean
  /** Keys of the system attributes of its draws: of a running trial, a deterministic run shows these only, because others come at any time. */
  readonly drawKeys?: readonly string[]
  /** Draws several params together; a name it leaves out falls to `sample`. */
  sampleJoint?(history: History, space: SpaceTable): Draw | 'exhausted' | Promise<Draw | 'exhausted'>
  sample(name: string, distribution: Distribution, history: History, drawn: Params): ParamValue
  /** What the sampler wants stored with the trial, in the same transaction as its end. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a sampler with nothing to store returns nothing.
  beforeFinish?(outcome: TrialOutcome, history: History): Readonly<Record<string, Json>> | void
}
