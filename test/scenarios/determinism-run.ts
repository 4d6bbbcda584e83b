import {
  createStudy,
  dedup,
  memory,
  type Objective,
  type ObjectiveFunction,
  type Pruner,
  type Sampler,
  type StorageFactory,
  type StudyOptions,
  type StudyStorage,
  type Suggest,
  space,
  systemKeys,
  type Trial,
  type TrialRecord
} from 'rxtuna'
import { scrambled } from '../core/scrambled.ts'

export const total = 300

/** How one run goes. All runs of one study differ in `order` and `stopAfter` only. */
export interface Setting {
  readonly lanes: number
  /** Decides which evaluation goes on first, and so in which order they end. */
  readonly order: number
  /** `stop()` comes when evaluations have waited so often. */
  readonly stopAfter?: number
  readonly storage?: StudyStorage | StorageFactory
  readonly objective?: 'two-phase' | 'function'
  readonly sampler?: Sampler
  readonly pruner?: Pruner
  readonly onDuplicate?: 'reuse' | 'resample' | 'prune'
  readonly seed?: number
}
/** What two runs with one seed have in common: all but the times and the process that did it. */
export type Repeatable = Omit<TrialRecord, 'startedAt' | 'finishedAt'>

interface Point {
  readonly x: number
  readonly y: number
  readonly side: 'a' | 'b'
  readonly z: number
}

/** Steps, so that sets repeat, and a parameter that only half of them have. */
const draw = (suggest: Suggest): Point => {
  const x = suggest.suggestFloat('x', 0, 2, { step: 0.1 })
  const y = suggest.suggestInt('y', 0, 8)
  const side = suggest.suggestCategorical('side', ['a', 'b'])
  return { x, y, side, z: side === 'b' ? suggest.suggestInt('z', 0, 3) : 0 }
}
const costOf = ({ x, y, side, z }: Point): number => (x - 1.3) ** 2 + ((y - 5) / 3) ** 2 + (side === 'a' ? 0.4 : 0) + z / 5

/**
 * Runs the study up to 300 trials, or until it is stopped: it reports, prunes, throws, repeats itself, and begins with enqueued trials of which
 * one is given in part, one repeats and one is forbidden. Resolves with all trials that the study has by then.
 */
export async function run(setting: Setting): Promise<readonly Repeatable[]> {
  const {
    lanes,
    order,
    stopAfter,
    storage = memory(),
    objective = 'two-phase',
    sampler,
    pruner,
    onDuplicate = 'reuse',
    seed = 23
  } = setting
  const options: StudyOptions<'minimize'> = { ...(sampler ? { sampler } : {}), ...(pruner ? { pruner } : {}) }
  await using study = await createStudy({ name: 'study', seed, storage, plugins: [dedup({ onDuplicate })], ...options })
  const wait = scrambled(order)
  let waits = 0
  const pause = async (): Promise<void> => {
    if (++waits === stopAfter) study.stop()
    await wait()
  }
  const evaluate = async (point: Point, trial: Trial<unknown>): Promise<number> => {
    const cost = costOf(point)
    trial.setAttribute('cost', cost)
    trial.setConstraint('small', cost - 3)
    for (let step = 0; step < 4; step++) {
      await pause()
      trial.report(cost + (trial.number % 5) / (step + 2), step)
      if (trial.shouldPrune()) trial.prune()
    }
    if (trial.number % 13 === 5 || (point.x === 1.5 && point.y === 4)) throw new Error('no prices')
    await pause()
    return cost
  }
  const twoPhase: Objective<Point> = { space: space(draw, { where: ({ x, y }) => x !== 2 || y !== 8 }), evaluate }
  const oneFunction: ObjectiveFunction = async trial => {
    // Some draw at once and some later, so that it matters when others look.
    if (trial.number % 2 === 1) await pause()
    return await evaluate(draw(trial), trial)
  }
  const enqueued = [{ x: 1, y: 4, side: 'a' }, { y: 8 }, { x: 1, y: 4, side: 'a' }, { x: 2, y: 8, side: 'a' }, { x: 1.3, y: 5 }]
  // One that was killed may have enqueued some of them.
  for (const params of enqueued.slice((await study.trials()).length)) await study.enqueue(params)
  const budget = { until: total, concurrency: lanes, deterministic: true, onError: 'continue' } as const
  await (objective === 'function' ? study.optimize(oneFunction, budget) : study.optimize(twoPhase, budget))
  return (await study.trials()).map(repeatable)
}

function repeatable({ startedAt: _start, finishedAt: _finish, systemAttributes, ...rest }: TrialRecord): Repeatable {
  const { [systemKeys.worker]: _worker, ...attributes } = systemAttributes
  return { ...rest, systemAttributes: attributes }
}
