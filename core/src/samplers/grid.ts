import { choiceIndex, exact } from '../distributions.ts'
import { StudyError, sentences } from '../errors.ts'
import type { History } from '../history.ts'
import { randomStream } from '../random-stream.ts'
import { type Distribution, decimalGrid, type Params, type ParamValue, type SpaceTable } from '../space.ts'
import type { Json, TrialRecord } from '../trial.ts'
import { uniform } from './random.ts'
import type { Sampler } from './sampler.ts'

const idKey = 'grid_id'
const spaceKey = 'search_space'

/**
 * Tries every point of a grid once, in an order that is shuffled but always the same, then reports that the space is exhausted. Floats need a
 * `step`. What was tried is read from the study, so a resumed grid goes on; points that `where` rejects are passed over.
 */
export function grid(space: SpaceTable): Sampler {
  const names = Object.keys(space).sort()
  if (names.length === 0) throw new StudyError('OPTION', sentences.OPTION('space', 'a table with at least one parameter', space))
  const axes = names.map(name => axisOf(name, space[name] as Distribution))
  const count = axes.reduce((product, axis) => product * axis.length, 1)
  if (count > 2 ** 31) throw new StudyError('OPTION', sentences.OPTION('space', 'a grid of at most 2^31 points', count))
  const described: Json = Object.fromEntries(names.map((name, index) => [name, axes[index] as Json]))
  const text = JSON.stringify(described)
  const order = shuffled(count)

  const paramsOf = (id: number): Params => {
    const params: Record<string, ParamValue> = {}
    let rest = id
    for (let i = names.length - 1; i >= 0; i--) {
      const axis = axes[i] as readonly ParamValue[]
      params[names[i] as string] = axis[rest % axis.length] as ParamValue
      rest = Math.floor(rest / axis.length)
    }
    return params
  }
  /** The point that a trial tried; −1 where it is none of the grid's. */
  const pointOf = ({ params, distributions, systemAttributes }: TrialRecord): number => {
    const stored = systemAttributes[idKey]
    if (typeof stored === 'number' && JSON.stringify(systemAttributes[spaceKey]) === text) return stored
    let id = 0
    for (const [i, name] of names.entries()) {
      const axis = axes[i] as readonly ParamValue[]
      const distribution = distributions[name]
      if (!distribution) return -1
      const at = choiceIndex(axis, exact(distribution, params[name] as ParamValue))
      if (at < 0) return -1
      id = id * axis.length + at
    }
    return id
  }
  // A record never changes, so its point is looked up once and not at every ask.
  const ids = new WeakMap<TrialRecord, number>()
  const idOf = (record: TrialRecord): number => {
    const id = ids.get(record) ?? pointOf(record)
    ids.set(record, id)
    return id
  }

  return {
    name: 'grid',
    systematic: true,
    drawKeys: [idKey, spaceKey],
    sampleJoint(history) {
      const tried = new Set<number>()
      for (const record of history.trials()) tried.add(idOf(record))
      // Every attempt of one trial takes the next of the points that no trial has.
      let { attempt } = history
      const id = order.find(candidate => !tried.has(candidate) && attempt-- === 0)
      if (id === undefined) return 'exhausted'
      return { params: paramsOf(id), systemAttributes: { [idKey]: id, [spaceKey]: described } }
    },
    sample: (name, distribution, history: History) => uniform(distribution, history.random(name))
  }
}

/** All values of one parameter. */
function axisOf(name: string, distribution: Distribution): readonly ParamValue[] {
  if (distribution.kind === 'categorical') return distribution.choices
  const { low, high, kind } = distribution
  const step = distribution.step ?? (kind === 'int' ? 1 : undefined)
  if (low === high) return [low]
  if (step === undefined)
    throw new StudyError('OPTION', sentences.OPTION(`space.${name}`, 'a float with a step, so that it has a grid', distribution))
  const { steps, at } = decimalGrid(low, high, step)
  return Array.from({ length: steps + 1 }, (_, index) => at(index))
}

function shuffled(count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index)
  const stream = randomStream(0, 0, 0, 'grid')
  for (let i = count - 1; i > 0; i--) {
    const j = stream.int(0, i)
    const moved = order[i] as number
    order[i] = order[j] as number
    order[j] = moved
  }
  return order
}
