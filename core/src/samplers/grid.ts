import { choiceIndex, exact } from '../distributions.ts'
import { problem } from '../errors.ts'
import type { History } from '../history.ts'
import { randomStream } from '../random-stream.ts'
import { assertDistribution, type Distribution, decimalGrid, type Params, type ParamValue, type SpaceTable } from '../space.ts'
import type { Json, TrialRecord } from '../trial.ts'
import { uniform } from './random.ts'
import type { Sampler } from './sampler.ts'

const idKey = 'grid_id'
const spaceKey = 'search_space'

/** The points of a grid by id: the parameters in the order of their names, the last one fastest, as in Optuna. */
export interface GridPoints {
  readonly names: readonly string[]
  readonly count: number
  /** The values of each parameter, as they are stored with a trial. */
  readonly described: Json
  paramsOf(id: number): Params
  /** The id of the point that a trial tries; −1 where it is none of this grid's. */
  pointOf(record: TrialRecord): number
}

/** Which points of a grid the trials have ended, and which they are at. */
export interface GridProgress {
  readonly finished: ReadonlySet<number>
  readonly running: ReadonlySet<number>
}

/**
 * Tries every point of a grid once, in an order that is shuffled but always the same, then reports that the space is exhausted. Floats need a
 * `step`. What was tried is read from the study, so a resumed grid goes on; points that `where` rejects are passed over.
 */
export function grid(space: SpaceTable): Sampler {
  const points = gridPoints(space)
  const order = shuffled(points.count)
  // A record never changes, so its point is looked up once and not at every ask.
  const ids = new WeakMap<TrialRecord, number>()
  const idOf = (record: TrialRecord): number => {
    const id = ids.get(record) ?? points.pointOf(record)
    ids.set(record, id)
    return id
  }

  return {
    name: 'grid',
    systematic: true,
    drawKeys: [idKey, spaceKey],
    sampleJoint(history) {
      const { finished, running } = gridProgress(history.trials(), idOf)
      // Every attempt of one trial takes the next of the points that no trial has.
      let { attempt } = history
      const id = order.find(candidate => !finished.has(candidate) && !running.has(candidate) && attempt-- === 0)
      if (id === undefined) return 'exhausted'
      return { params: points.paramsOf(id), systemAttributes: { [idKey]: id, [spaceKey]: points.described } }
    },
    sample: (name, distribution, history: History) => uniform(distribution, history.random(name))
  }
}

/** Throws `StudyError` for a table without parameters, a float without a step, and more than 2^31 points. */
export function gridPoints(space: SpaceTable): GridPoints {
  const names = Object.keys(space).sort()
  if (names.length === 0) throw problem('OPTION', 'space', 'a table with at least one parameter', space)
  for (const name of names) assertDistribution(name, space[name])
  const axes = names.map(name => axisOf(name, space[name] as Distribution))
  const count = axes.reduce((product, axis) => product * axis.length, 1)
  if (count > 2 ** 31) throw problem('OPTION', 'space', 'a grid of at most 2^31 points', count)
  const described: Json = Object.fromEntries(names.map((name, index) => [name, axes[index] as Json]))
  const text = JSON.stringify(described)
  return {
    names,
    count,
    described,
    paramsOf(id) {
      const values: ParamValue[] = new Array(names.length)
      let rest = id
      for (let i = names.length - 1; i >= 0; i--) {
        const axis = axes[i] as readonly ParamValue[]
        values[i] = axis[rest % axis.length] as ParamValue
        rest = Math.floor(rest / axis.length)
      }
      return Object.fromEntries(names.map((name, i) => [name, values[i] as ParamValue]))
    },
    pointOf({ params, distributions, systemAttributes }) {
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
  }
}

export function gridProgress(records: Iterable<TrialRecord>, pointOf: (record: TrialRecord) => number): GridProgress {
  const finished = new Set<number>()
  const running = new Set<number>()
  for (const record of records) (record.state === 'running' ? running : finished).add(pointOf(record))
  return { finished, running }
}

/** All values of one parameter. */
function axisOf(name: string, distribution: Distribution): readonly ParamValue[] {
  if (distribution.kind === 'categorical') return distribution.choices
  const { low, high, kind } = distribution
  const step = distribution.step ?? (kind === 'int' ? 1 : undefined)
  if (low === high) return [low]
  if (step === undefined) throw problem('OPTION', `space.${name}`, 'a float with a step, so that it has a grid', distribution)
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
