import {
  type AskCall,
  createStudy,
  float,
  type Interceptor,
  int,
  memory,
  type Plugin,
  StudyError,
  type StudyEvent,
  samplers,
  space
} from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, rejection } from './rejection.ts'
import { watched } from './watched-storage.ts'

const intercepting = (name: string, interceptor: Interceptor<'ask'>): Plugin => ({
  name,
  install: ctx => ctx.intercept('ask', interceptor)
})
const unit = space(s => s.suggestFloat('x', 0, 1))

describe('asking', () => {
  it('of one study runs one after another, from reading what changed to create', async () => {
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage })
    watch.calls.length = 0
    const trials = await Promise.all([study.ask(unit), study.ask(unit), study.ask(unit)])
    expect(trials.map(({ number }) => number)).to.deep.equal([0, 1, 2])
    expect(watch.calls).to.deep.equal(['read', 'take', 'create', 'read', 'take', 'create', 'read', 'take', 'create'])
  })

  it('goes on after an ask that was rejected', async () => {
    await using study = await createStudy()
    const failure = new Error('no')
    const failing = study.ask(() => {
      throw failure
    })
    const next = study.ask(unit)
    expect(await rejection(failing)).to.equal(failure)
    expect((await next).number).to.equal(0)
  })

  it('stores a new trial and its params in one call', async () => {
    const watch = watched()
    const created: unknown[] = []
    watch.before = (method, args) => {
      if (method === 'create') created.push(args[1], args[2])
    }
    await using study = await createStudy({ storage: watch.storage })
    const trial = await study.ask(unit)
    expect(created).to.deep.equal([
      { state: 'running', params: { x: trial.params }, distributions: { x: { kind: 'float', low: 0, high: 1 } }, systemAttributes: {} },
      0
    ])
  })

  it('begins again when another worker took the number: a number of its own first, then the params', async () => {
    const watch = watched()
    const attempts: AskCall[] = []
    const noting = intercepting('noting', (call, next) => {
      attempts.push(call)
      return next(call)
    })
    await using study = await createStudy({ name: 's', seed: 3, storage: watch.storage, plugins: [noting] })
    const events: StudyEvent[] = []
    study.events$.subscribe(event => events.push(event))
    const storage = memory()
    await using alone = await createStudy({ name: 's', seed: 3, storage })
    watch.before = async (method, args) => {
      if (method !== 'create' || args[2] !== 0) return
      watch.before = () => {}
      await watch.storage.create('s', { state: 'running' })
    }
    watch.calls.length = 0
    const trial = await study.ask(unit)
    expect(trial.number).to.equal(1)
    // The second `create` is the rival's.
    expect(watch.calls).to.deep.equal(['read', 'take', 'create', 'create', 'read', 'take', 'create', 'update'])
    expect(attempts.map(({ trial, attempt }) => [trial, attempt])).to.deep.equal([
      [0, 0],
      [1, 0]
    ])
    expect(events.map(({ type }) => type)).to.deep.equal(['ask.abandoned', 'trial.started'])
    // The draw belongs to its number, whichever way the trial came by it.
    await alone.ask(unit)
    expect(trial.params).to.equal((await alone.ask(unit)).params)
    expect((await study.trials())[1]?.params).to.deep.equal({ x: trial.params })
  })

  it('keeps to `until` in a race for the last number: nobody begins a trial of that number or a higher one', async () => {
    const watch = watched()
    await using study = await createStudy({ name: 's', seed: 3, storage: watch.storage })
    watch.before = async (method, args) => {
      if (method !== 'create' || args[2] !== 1) return
      watch.before = () => {}
      await watch.storage.create('s', { state: 'running' })
    }
    const summary = await study.optimize({ space: unit, evaluate: x => x }, { until: 2 })
    expect([summary.reason, summary.complete]).to.deep.equal(['trials', 1])
    expect((await study.trials()).map(({ number }) => number)).to.deep.equal([0, 1])
  })

  it('redraws when an interceptor asks for the next attempt, and stores nothing of the rejected one', async () => {
    const seen: number[] = []
    const redrawing = intercepting('redrawing', async (call, next) => {
      let result = await next(call)
      while ((result.params?.x as number) < 0.7) {
        seen.push(result.params?.x as number)
        result = await next({ ...call, attempt: result.attempt + 1 })
      }
      return result
    })
    await using study = await createStudy({ seed: 2, plugins: [redrawing] })
    for (let i = 0; i < 5; i++) expect((await study.ask(unit)).params).to.be.at.least(0.7)
    expect(seen.length).to.be.above(2)
    expect(new Set(seen).size).to.equal(seen.length)
    expect((await study.trials()).length).to.equal(5)
  })

  it('counts the attempts that `where` rejected, and goes on from the attempt it is given', async () => {
    const results: number[] = []
    const where = (x: number): boolean => x > 0.6
    const twice = intercepting('twice', async (call, next) => {
      const first = await next(call)
      const second = await next({ ...call, attempt: first.attempt + 1 })
      results.push(first.attempt, second.attempt, first.params?.x as number, second.params?.x as number)
      return second
    })
    await using study = await createStudy({ seed: 5, plugins: [twice] })
    await using plain = await createStudy({ seed: 5 })
    const attempts: number[] = []
    await plain.ask(
      space(s => s.suggestFloat('x', 0, 1), {
        where: x => {
          attempts.push(x)
          return attempts.length === 30
        }
      })
    )
    const accepted = attempts.flatMap((x, attempt) => (where(x) ? [attempt] : []))
    const trial = await study.ask(space(s => s.suggestFloat('x', 0, 1), { where }))
    expect(results.slice(0, 2)).to.deep.equal(accepted.slice(0, 2))
    expect(results.slice(2)).to.deep.equal(accepted.slice(0, 2).map(attempt => attempts[attempt]))
    expect(trial.params).to.equal(results[3])
  })

  it('takes nothing but the attempt from the call of its centre', async () => {
    const lying = intercepting('lying', (call, next) => next({ trial: 99, attempt: call.attempt, horizon: 0 }))
    await using study = await createStudy({ seed: 1, plugins: [lying] })
    await using plain = await createStudy({ seed: 1 })
    expect((await study.ask(unit)).params).to.equal((await plain.ask(unit)).params)
  })

  it('replays other params of an interceptor through the space, fixed', async () => {
    const other = intercepting('other', async (call, next) => ({ ...(await next(call)), params: { n: 7 } }))
    await using study = await createStudy({ plugins: [other] })
    const trial = await study.ask(s => ({ n: s.suggestInt('n', 0, 9), double: 2 * s.suggestInt('n', 0, 9), rest: s.suggestInt('m', 3, 3) }))
    expect(trial.params).to.deep.equal({ n: 7, double: 14, rest: 3 })
    expect((await study.trials())[0]?.params).to.deep.equal({ n: 7, m: 3 })
  })

  it('replays the params of an interceptor that does not call next, likewise', async () => {
    const answering = intercepting('answering', async () => ({
      params: { n: 4 },
      attempt: 0,
      answer: { state: 'complete', value: [1] },
      twin: 0,
      systemAttributes: { note: 'known' }
    }))
    await using study = await createStudy({ plugins: [answering] })
    const trial = await study.ask(space({ n: int(0, 9) }))
    expect(trial.params).to.deep.equal({ n: 4 })
    expect(trial.answer).to.deep.equal({ state: 'complete', value: [1] })
    expect(trial.twin).to.equal(0)
    expect((await study.trials())[0]).to.deep.include({ params: { n: 4 }, systemAttributes: { note: 'known' } })
  })

  it('takes an earlier draw when an interceptor returns that after a later one', async () => {
    let first: number | undefined
    const undecided = intercepting('undecided', async (call, next) => {
      const result = await next(call)
      first = result.params?.x as number
      await next({ ...call, attempt: 1 })
      return result
    })
    await using study = await createStudy({ plugins: [undecided] })
    expect((await study.ask(unit)).params).to.equal(first)
    expect((await study.trials())[0]?.params).to.deep.equal({ x: first })
  })

  it('shows interceptors the objective, and frozen params', async () => {
    const calls: AskCall[] = []
    const noting = intercepting('noting', async (call, next) => {
      calls.push(call)
      const result = await next(call)
      if (call.objective) expect(result.params).to.be.frozen
      else expect(result.params).to.equal(undefined)
      return result
    })
    await using study = await createStudy({ plugins: [noting] })
    const objective = { space: unit, evaluate: (x: number) => x, version: '1' }
    await study.ask(unit)
    await study.optimize(objective, { trials: 1 })
    await study.optimize(() => 1, { trials: 1 })
    expect(calls.map(call => call.objective)).to.deep.equal([{ space: unit }, objective, undefined])
    expect(calls.every(call => !('horizon' in call))).to.equal(true)
  })

  it('that fails stores nothing, and says that the number was abandoned', async () => {
    const failure = new Error('no')
    let failing = true
    const throwing = intercepting('throwing', async (call, next) => {
      await next(call)
      if (failing) throw failure
      return next(call)
    })
    for (const plugins of [[throwing], []]) {
      failing = true
      await using study = await createStudy({ plugins })
      const events: [string, number][] = []
      study.events$.subscribe(event => {
        if ('trial' in event) events.push([event.type, event.trial])
      })
      const ask = plugins.length > 0 ? study.ask(unit) : study.ask(() => Promise.reject(failure).catch(() => 0))
      await rejection(ask)
      expect(events).to.deep.equal([['ask.abandoned', 0]])
      expect(await study.trials()).to.deep.equal([])
      failing = false
      expect((await study.ask(unit)).number).to.equal(0)
    }
  })

  it('that fails for a trial that was taken tells it failed', async () => {
    const failure = new Error('no')
    const throwing = intercepting('throwing', () => Promise.reject(failure))
    await using study = await createStudy({ plugins: [throwing] })
    await study.enqueue({ x: 0.5 })
    const events: string[] = []
    study.events$.subscribe(({ type }) => events.push(type))
    expect(await rejection(study.ask(unit))).to.equal(failure)
    expect(events).to.deep.equal(['ask.abandoned', 'trial.failed'])
    const [record] = await study.trials()
    expect(record?.state).to.equal('failed')
    expect(record?.systemAttributes['rxtuna:reason']).to.deep.equal({ name: 'Error', message: 'no', cause: 'invalid' })
  })

  it('takes what a dead worker had drawn as it is: `where` does not apply, and what was not yet drawn is', async () => {
    const storage = memory()
    await using study = await createStudy({ storage: { ...storage, take: () => Promise.resolve(left.shift()) } })
    const distributions = { x: float(0, 1) }
    const record = await storage.create(study.name, { state: 'running', params: { x: 0.25 }, distributions })
    const left = record ? [record] : []
    const wider = space({ x: float(0, 1), n: int(5, 9) }, { where: () => false })
    const trial = await study.ask(wider)
    expect(trial).to.deep.include({ number: 0 })
    expect(trial.params.x).to.equal(0.25)
    expect(trial.params.n).to.be.within(5, 9)
    expect((await study.trials())[0]?.params).to.deep.equal(trial.params)
    expect(await rejectedCode(study.ask(wider))).to.equal('WHERE_EXHAUSTED')
  })

  it('of a function objective draws nothing yet; its params are stored when it is told', async () => {
    await using study = await createStudy()
    const started: unknown[] = []
    study.events$.subscribe(event => {
      if (event.type === 'trial.started') started.push(event.params)
    })
    const trial = await study.ask()
    expect(trial.params).to.deep.equal({})
    const x = trial.suggestFloat('x', 0, 1)
    const kind = trial.suggestCategorical('kind', ['a', 'b'])
    expect(trial.params).to.deep.equal({ x, kind })
    expect((await study.trials())[0]?.params).to.deep.equal({})
    const record = await study.tell(trial, x)
    expect(record.params).to.deep.equal({ x, kind })
    expect(Object.keys(record.params)).to.deep.equal(['x', 'kind'])
    expect(started).to.deep.equal([undefined])
  })

  it('refuses a space that is none', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.ask({ x: int(0, 1) } as never))).to.equal('OPTION')
  })

  it('draws the params of a two-phase objective that a function objective would draw for that number', async () => {
    await using one = await createStudy({ seed: 8 })
    await using two = await createStudy({ seed: 8 })
    expect((await two.ask()).suggestFloat('x', 0, 1)).to.equal((await one.ask(unit)).params)
  })

  it('passes on what a joint sampler wants stored with the trial, and falls back to `sample` for what it leaves out', async () => {
    await using study = await createStudy({
      sampler: {
        name: 'joint',
        sampleJoint: async () => ({ params: { a: 3, out: 99 }, systemAttributes: { batch: 1 } }),
        sample: (_, distribution) => (distribution.kind === 'categorical' ? null : distribution.low)
      }
    })
    const trial = await study.ask(space({ a: int(0, 9), out: int(0, 9), b: int(1, 9) }))
    expect(trial.params).to.deep.equal({ a: 3, out: 0, b: 1 })
    expect((await study.trials())[0]?.systemAttributes).to.deep.equal({ batch: 1 })
  })

  it('with an interceptor that redraws a grid ends with SPACE_EXHAUSTED when nothing is left', async () => {
    const never = intercepting('never', async (call, next) => {
      let result = await next(call)
      for (;;) result = await next({ ...call, attempt: result.attempt + 1 })
    })
    await using study = await createStudy({ sampler: samplers.grid({ n: int(0, 3) }), plugins: [never] })
    const error = await rejection(study.ask(space({ n: int(0, 3) })))
    expect(error).to.be.instanceOf(StudyError).and.to.include({ code: 'SPACE_EXHAUSTED' })
    const { reason } = await study.optimize({ space: space({ n: int(0, 3) }), evaluate: () => 1 })
    expect(reason).to.equal('space-exhausted')
  })
})
