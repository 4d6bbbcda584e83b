import {
  createStudy,
  type History,
  memory,
  type Objective,
  type ObjectiveFunction,
  type OptimizeOptions,
  type Plugin,
  type Pruner,
  paramKey,
  type Sampler,
  type StudyEvent,
  type StudyStorage,
  space,
  type Trial,
  type TrialRecord
} from '@rxtuna/core'
import { expect } from 'chai'
import { randomStream } from '../../core/src/random-stream.ts'
import { rejectedCode } from './rejection.ts'
import { scrambled } from './scrambled.ts'
import { warnings } from './warnings.ts'
import { watched } from './watched-storage.ts'

/** All that a history shows, as one text. */
function everything(history: History): string {
  const column = history.column('x')
  const outcomes = history.outcomes()
  const reports = history.reports(0)
  const trials = [...history.trials()].map(({ number, state, values, params, reports, attributes, systemAttributes, constraints }) => {
    return [number, state, values, paramKey(params), reports, attributes, systemAttributes, constraints]
  })
  return JSON.stringify([
    history.trial,
    history.attempt,
    history.space(),
    history.space({ pruned: true }),
    [[...column.numbers], [...column.values]],
    [[...outcomes.numbers], [...outcomes.states], [...outcomes.values].map(String), [...outcomes.violations], [...outcomes.steps]],
    [...outcomes.order].filter(row => row < outcomes.numbers.length),
    [[...reports.numbers], [...reports.values]],
    history.evaluated(),
    trials
  ])
}

/** A sampler whose every draw depends on all that its history shows. */
const nosy: Sampler = {
  name: 'nosy',
  sample(name, distribution, history) {
    if (distribution.kind === 'categorical') return distribution.choices[0] ?? null
    return distribution.low + randomStream(1, 0, 0, name + everything(history)).next() * (distribution.high - distribution.low)
  },
  beforeFinish: (outcome, history) => ({ seen: randomStream(1, 0, 0, outcome.state + everything(history)).next() })
}
/** A pruner whose every decision depends on all that its history shows. */
const nosyPruner: Pruner = {
  name: 'nosy',
  shouldPrune: ({ reports }, history) => randomStream(2, 0, 0, JSON.stringify(reports) + everything(history)).next() < 0.15
}

interface Run {
  readonly records: readonly Partial<TrialRecord>[]
  readonly events: readonly string[]
}
interface Setting {
  readonly lanes: number
  /** Decides which evaluation goes on first. */
  readonly order: number
  readonly objective?: 'two-phase' | 'function'
  /** One study object for each; the last one ends the study. */
  readonly parts?: readonly (Pick<OptimizeOptions, 'trials' | 'until'> & { readonly stopAt?: number })[]
  readonly plugins?: readonly Plugin[]
}
const total = 40

async function run({ lanes, order, objective = 'two-phase', parts = [{ until: total }], plugins = [] }: Setting): Promise<Run> {
  const storage: StudyStorage = memory({ clock: () => 0 })
  const events: string[] = []
  for (const { stopAt, ...budget } of parts) {
    await using study = await createStudy({ name: 's', seed: 17, storage, sampler: nosy, pruner: nosyPruner, plugins })
    study.events$.subscribe(event => {
      if (!event.type.startsWith('study.') && event.type !== 'trial.reported') events.push(lineOf(event))
    })
    const wait = scrambled(order + events.length)
    const evaluate = async (x: number, trial: Trial<unknown>): Promise<number> => {
      if (trial.number === stopAt) study.stop()
      trial.setConstraint('c', x - 0.8)
      trial.setAttribute('x', x)
      for (let step = 0; step < 4; step++) {
        await wait()
        trial.report(x * (step + 1), step)
        if (trial.number % 3 === 0 && trial.shouldPrune()) trial.prune()
      }
      if (trial.number % 7 === 5) throw new Error('no')
      return trial.number % 11 === 10 ? Number.NaN : x
    }
    const twoPhase: Objective<number> = {
      space: space(s => s.suggestFloat('x', 0, 1), { where: x => x > 0.05 }),
      evaluate
    }
    const oneFunction: ObjectiveFunction = async trial => {
      // Some draw at once, some later, so that it matters when others look.
      if (trial.number % 2 === 1) await wait()
      return evaluate(trial.suggestFloat('x', 0, 1), trial)
    }
    const options: OptimizeOptions = { concurrency: lanes, deterministic: true, onError: 'continue', ...budget }
    await (objective === 'function' ? study.optimize(oneFunction, options) : study.optimize(twoPhase, options))
  }
  await using study = await createStudy({ name: 's', storage })
  return { records: await study.trials(), events }
}

function lineOf(event: StudyEvent): string {
  return 'trial' in event ? `${event.type} ${event.trial}` : event.type
}

describe('a deterministic run', () => {
  for (const lanes of [1, 4, 16])
    it(`of ${lanes} lanes repeats exactly, whatever finishes first, with pruned and failed trials`, async () => {
      const first = await run({ lanes, order: 1 })
      const states = first.records.map(({ state }) => state)
      expect(states.length).to.equal(total)
      for (const state of ['complete', 'pruned', 'failed'] as const) expect(states).to.include(state)
      for (const order of [2, 3, 4]) expect(await run({ lanes, order })).to.deep.equal(first)
    })

  it('alternates tells and asks in the order of the asks', async () => {
    const { events } = await run({ lanes: 3, order: 5 })
    const started = [0, 1, 2].map(n => `trial.started ${n}`)
    expect(events.slice(0, 3)).to.deep.equal(started)
    const rest = events.slice(3, 3 + 2 * (total - 3))
    for (const [i, event] of rest.entries()) {
      const number = i >> 1
      if (i % 2 === 0) expect(event).to.match(new RegExp(`^trial\\.(completed|pruned|failed) ${number}$`))
      else expect(event).to.equal(`trial.started ${number + 3}`)
    }
  })

  it('depends on the number of lanes', async () => {
    expect((await run({ lanes: 4, order: 1 })).records).to.not.deep.equal((await run({ lanes: 2, order: 1 })).records)
  })

  const cuts: readonly (readonly [string, Setting['parts']])[] = [
    ['once', [{ until: 13 }, { until: total }]],
    ['after fewer trials than there are lanes', [{ trials: 2 }, { until: total }]],
    ['often', [{ trials: 1 }, { trials: 7 }, { trials: 1 }, { trials: 11 }, { until: total }]],
    ['by stop() in the middle', [{ stopAt: 9 }, { stopAt: 21 }, { until: total }]]
  ]
  for (const lanes of [1, 4])
    for (const [how, parts] of cuts)
      it(`of ${lanes} lanes that was ended ${how} and resumed is the one that was not`, async () => {
        const whole = await run({ lanes, order: 1 })
        const resumed = await run({ lanes, order: 7, parts: parts ?? [] })
        expect(resumed.records).to.deep.equal(whole.records)
      })

  for (const lanes of [1, 4])
    it(`of a function objective in ${lanes} lanes repeats exactly`, async () => {
      const first = await run({ lanes, order: 1, objective: 'function' })
      for (const order of [2, 3]) expect(await run({ lanes, order, objective: 'function' })).to.deep.equal(first)
    })

  it('of a function objective that was ended and resumed is the one that was not', async () => {
    const whole = await run({ lanes: 4, order: 1, objective: 'function' })
    const parts = [{ trials: 3 }, { stopAt: 15 }, { until: total }]
    expect((await run({ lanes: 4, order: 8, objective: 'function', parts })).records).to.deep.equal(whole.records)
  })

  it('gives interceptors the horizon from which on trials count as running', async () => {
    const horizons: unknown[] = []
    const noting: Plugin = {
      name: 'noting',
      install: ctx =>
        ctx.intercept('ask', (call, next) => {
          horizons.push([call.trial, call.horizon])
          return next(call)
        })
    }
    await run({ lanes: 4, order: 1, parts: [{ until: 6 }, { until: 8 }], plugins: [noting] })
    expect(horizons).to.deep.equal([
      [0, 0],
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 1],
      [5, 2],
      [6, 3],
      [7, 4]
    ])
  })

  it('shows an ask the records before its horizon, and of those after it the params only', async () => {
    const views: unknown[] = []
    const watching: Sampler = {
      name: 'watching',
      sample(_name, _distribution, history) {
        views.push([history.trial, [...history.trials()].map(({ number, state, reports }) => [number, state, reports.length])])
        return history.trial / 10
      }
    }
    await using study = await createStudy({ sampler: watching })
    const wait = scrambled(4)
    await study.optimize(
      {
        space: space(s => s.suggestFloat('x', 0, 1)),
        evaluate: async (x, trial) => {
          trial.report(x, 0)
          await wait()
          return x
        }
      },
      { deterministic: true, concurrency: 2, trials: 4 }
    )
    expect(views).to.deep.equal([
      [0, []],
      [1, [[0, 'running', 0]]],
      [
        2,
        [
          [0, 'complete', 1],
          [1, 'running', 0]
        ]
      ],
      [
        3,
        [
          [0, 'complete', 1],
          [1, 'complete', 1],
          [2, 'running', 0]
        ]
      ]
    ])
  })

  it('whose enqueued sets fail is the same when it is stopped among them and resumed', async () => {
    const picky = space(suggest => {
      const x = suggest.suggestFloat('x', 0, 1)
      if (x === 0.25) throw new Error('no such combination')
      return x
    })
    const forbidden = space(suggest => suggest.suggestFloat('x', 0, 1), { where: x => x !== 0.25 })
    const run = async (form: typeof picky, ends: readonly number[]): Promise<unknown> => {
      const storage = memory()
      for (const until of ends) {
        await using study = await createStudy({ name: 'sets', storage, seed: 3, sampler: nosy, pruner: nosyPruner })
        if (until === ends[0]) for (const x of [0.9, 0.8, 0.7, 0.6, 0.25, 0.25, 0.25, 0.5]) await study.enqueue({ x })
        const evaluate = async (x: number, trial: Trial<number>): Promise<number> => {
          for (let step = 0; step < 3; step++) {
            await new Promise(resolve => setTimeout(resolve, 1 + ((trial.number * 7) % 4)))
            trial.report(x, step)
            if (trial.shouldPrune()) trial.prune()
          }
          return x
        }
        await warnings(() => study.optimize({ space: form, evaluate }, { until, deterministic: true, concurrency: 4, onError: 'continue' }))
        if (until === ends.at(-1)) return (await study.trials()).map(({ state, params, reports }) => [state, params, reports])
      }
      return undefined
    }
    for (const form of [picky, forbidden]) {
      const whole = await run(form, [24])
      for (const stop of [5, 7, 8]) expect(await run(form, [stop, 24])).to.deep.equal(whole)
    }
  })

  it('takes what waits before it draws, by number', async () => {
    const again = async (order: number): Promise<unknown> => {
      await using study = await createStudy({ seed: 2, sampler: nosy })
      const wait = scrambled(order)
      await study.enqueue({ x: 0.5 })
      // Told failed at once, while others before it are in flight.
      await study.enqueue({ x: 0.01 })
      await study.enqueue({ x: 0.7 })
      await study.optimize(
        {
          space: space(s => s.suggestFloat('x', 0, 1), { where: x => x > 0.05 }),
          evaluate: async x => {
            await wait()
            return x
          }
        },
        { deterministic: true, concurrency: 3, trials: 10 }
      )
      return (await study.trials()).map(({ number, params, value, state }) => [number, params, value, state])
    }
    expect(await again(1)).to.deep.equal(await again(9))
  })

  it('is refused with a timeout, and while somebody holds a running trial', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.optimize(() => 1, { deterministic: true, timeout: 10 }))).to.equal('DETERMINISTIC_TIMEOUT')
    const trial = await study.ask()
    expect(await rejectedCode(study.optimize(() => 1, { deterministic: true, trials: 1 }))).to.equal('DETERMINISTIC_RUNNING')
    expect((await study.trials()).length).to.equal(1)
    await study.tell(trial, 1)
    expect((await study.optimize(() => 1, { deterministic: true, trials: 1 })).complete).to.equal(1)
  })

  it('ends with an error when another worker takes its number, even if it is told to continue', async () => {
    const watch = watched()
    await using study = await createStudy({ name: 's', storage: watch.storage })
    watch.before = async (method, args) => {
      if (method !== 'create' || args[2] !== 3) return
      watch.before = () => {}
      await watch.storage.create('s', { state: 'running' })
    }
    const run = study.optimize(() => 1, { deterministic: true, concurrency: 2, onError: 'continue' })
    expect(await rejectedCode(run)).to.equal('DETERMINISTIC_RACE')
    expect((await study.trials()).map(({ state }) => state)).to.deep.equal(['complete', 'complete', 'complete', 'running'])
  })

  it('does not wait for a trial that hangs for ever beyond its `trialTimeout`', async () => {
    await using study = await createStudy()
    const { complete, failed } = await study.optimize(trial => (trial.number === 1 ? new Promise<never>(() => {}) : 1), {
      deterministic: true,
      concurrency: 2,
      trials: 5,
      trialTimeout: 2
    })
    expect({ complete, failed }).to.deep.equal({ complete: 4, failed: 1 })
  })
})
