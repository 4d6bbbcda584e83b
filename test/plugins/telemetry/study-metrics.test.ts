import { createStudy, int, type Plugin, space, type Trial } from '@rxtuna/core'
import { telemetry } from '@rxtuna/telemetry'
import { expect } from 'chai'
import { type RegisteredSdk, registerSdk, total } from './sdk.ts'
import { lend, openSquares } from './squares.ts'

const numbers = space({ n: int(0, 1000) })
const state = (name: string) => ({ 'rxtuna.trial.state': name })
/** Answers each fourth trial from the first one. */
const repeats: Plugin = {
  name: 'repeats',
  install: study =>
    study.intercept('ask', async (call, next) => {
      const result = await next(call)
      return call.trial % 4 === 3 ? { ...result, answer: { state: 'complete', value: [1], reusedFrom: 0 } } : result
    })
}
/** Completes, prunes and throws in turn. */
function mixed(_: unknown, trial: Trial<unknown>): number {
  if (trial.number % 3 === 1) trial.prune()
  if (trial.number % 3 === 2) throw new Error('no value')
  return trial.number
}

describe('the metrics of a study', () => {
  let sdk: RegisteredSdk
  beforeEach(() => {
    sdk = registerSdk()
  })
  afterEach(() => sdk[Symbol.asyncDispose]())

  it('agree with the summary of the run', async () => {
    await using study = await createStudy({ name: 'sums', plugins: [telemetry(), repeats] })
    const summary = await study.optimize({ space: numbers, evaluate: mixed }, { trials: 24, concurrency: 4, onError: 'continue' })
    const metrics = await sdk.metrics()
    const trials = metrics.get('rxtuna.trials')
    expect(total(trials, state('complete'))).to.equal(summary.complete)
    expect(total(trials, state('pruned'))).to.equal(summary.pruned)
    expect(total(trials, state('failed'))).to.equal(summary.failed)
    expect(total(trials, { 'rxtuna.trial.reused': true }))
      .to.equal(summary.reused)
      .and.to.equal(6)
    expect(total(trials, { 'rxtuna.study.name': 'sums' })).to.equal(24)
    expect(total(metrics.get('rxtuna.trial.duration'))).to.equal(24)
    expect(total(metrics.get('rxtuna.ask.duration'))).to.equal(24)
  })

  it('have no label that grows with the number of trials', async () => {
    const cache = openSquares()
    const labels = async (trials: number): Promise<readonly string[]> => {
      await using study = await createStudy({ name: 'labels', plugins: [telemetry(), repeats, lend(cache)] })
      const evaluate = async (params: { n: number }, trial: Trial<unknown>): Promise<number> => {
        await cache.get(params.n)
        trial.report(1, trial.number)
        return mixed(params, trial)
      }
      await study.optimize({ space: numbers, evaluate }, { trials, onError: 'continue' })
      return [...(await sdk.metrics())]
        .flatMap(([name, { points }]) => points.map(point => `${name} ${JSON.stringify(point.labels)}`))
        .sort()
    }
    expect(await labels(24)).to.deep.equal(await labels(240))
  })

  it('keep one label for all studies without a name of their own', async () => {
    for (let i = 0; i < 3; i++) {
      await using study = await createStudy({ plugins: [telemetry()] })
      await study.optimize({ space: numbers, evaluate: () => 1 }, { trials: 1 })
    }
    const points = (await sdk.metrics()).get('rxtuna.trials')?.points
    expect(points?.map(point => [point.labels['rxtuna.study.name'], point.value])).to.deep.equal([['no-name', 3]])
  })

  it('measure asks and trials in seconds', async () => {
    let now = 1_700_000_000_000
    const clock = (): number => now
    const slow: Plugin = {
      name: 'slow',
      install: study =>
        study.intercept('ask', async (call, next) => {
          now += 250
          return next(call)
        })
    }
    await using study = await createStudy({ plugins: [telemetry({ clock }), slow] })
    const evaluate = (): number => {
      now += 2000
      return 1
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 2 })
    const metrics = await sdk.metrics()
    expect(metrics.get('rxtuna.ask.duration')?.points[0]).to.include({ value: 2, sum: 0.5 })
    expect(metrics.get('rxtuna.trial.duration')?.points[0]).to.include({ value: 2, sum: 4.5 })
    expect(metrics.get('rxtuna.trial.duration')?.unit).to.equal('s')
  })

  it('count the draws that the space or another plugin rejected', async () => {
    const again: Plugin = {
      name: 'again',
      install: study =>
        study.intercept('ask', async (call, next) => {
          const result = await next(call)
          return next({ ...call, attempt: result.attempt + 1 })
        })
    }
    let draws = 0
    const counted = space({ n: int(0, 1000) }, { where: () => ++draws % 2 === 0 })
    await using study = await createStudy({ name: 'draws', plugins: [telemetry(), again] })
    await study.optimize({ space: counted, evaluate: () => 1 }, { trials: 5 })
    expect(draws).to.equal(20)
    expect(total((await sdk.metrics()).get('rxtuna.draws.rejected'), { 'rxtuna.study.name': 'draws' })).to.equal(15)
  })

  it('show the best value so far', async () => {
    await using study = await createStudy({ name: 'best', direction: 'maximize', plugins: [telemetry()] })
    const evaluate = (_: unknown, { number }: Trial<unknown>): number => [3, 8, 5][number] ?? 0
    await study.optimize({ space: numbers, evaluate }, { trials: 3 })
    expect((await sdk.metrics()).get('rxtuna.study.best')?.points.map(point => point.value)).to.deep.equal([8])
  })

  it('have no single best where there are several objectives', async () => {
    await using study = await createStudy({ direction: ['maximize', 'minimize'], plugins: [telemetry()] })
    await study.optimize({ space: numbers, evaluate: ({ n }) => [n, n] }, { trials: 3 })
    const metrics = await sdk.metrics()
    expect(total(metrics.get('rxtuna.study.best'))).to.equal(0)
    expect(total(metrics.get('rxtuna.trials'))).to.equal(3)
  })

  it('count what plugins threw, by plugin', async () => {
    const clumsy: Plugin = {
      name: 'clumsy',
      install: study => {
        study.events$.subscribe(event => {
          if (event.type === 'trial.completed') throw new Error('oops')
        })
      }
    }
    await using study = await createStudy({ plugins: [telemetry(), clumsy] })
    await study.optimize({ space: numbers, evaluate: () => 1 }, { trials: 2 })
    expect(total((await sdk.metrics()).get('rxtuna.plugin.failures'), { 'rxtuna.plugin.name': 'clumsy' })).to.equal(2)
  })

  it('count an ask that came to no trial', async () => {
    const refuses: Plugin = {
      name: 'refuses',
      install: study =>
        study.intercept('ask', async () => {
          throw new Error('not this one')
        })
    }
    await using study = await createStudy({ plugins: [telemetry(), refuses] })
    await study.ask(numbers).catch(() => undefined)
    const metrics = await sdk.metrics()
    expect(total(metrics.get('rxtuna.asks.abandoned'))).to.equal(1)
    expect(total(metrics.get('rxtuna.trials'))).to.equal(0)
  })

  it('count trials of a hand-written loop', async () => {
    await using study = await createStudy({ name: 'by hand', plugins: [telemetry()] })
    for (let i = 0; i < 3; i++) await study.tell(await study.ask(numbers), i)
    const { points } = (await sdk.metrics()).get('rxtuna.trials') ?? { points: [] }
    expect(points).to.deep.equal([
      { labels: { 'rxtuna.study.name': 'by hand', 'rxtuna.trial.state': 'complete', 'rxtuna.trial.reused': false }, value: 3 }
    ])
  })
})
