import { createStudy, type Interceptor, int, memory, type OptimizeOptions, ofType, type Plugin, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode } from './rejection.ts'
import { scrambled } from './scrambled.ts'
import { warnings } from './warnings.ts'

const answering = (interceptor: Interceptor<'ask'>): Plugin => ({ name: 'answering', install: ctx => ctx.intercept('ask', interceptor) })

describe('a run', () => {
  it('of `trials` counts its own, whatever the study has', async () => {
    await using study = await createStudy()
    expect(await study.optimize(() => 1, { trials: 3 })).to.deep.include({ reason: 'trials', complete: 3 })
    expect(await study.optimize(() => 1, { trials: 2 })).to.deep.include({ reason: 'trials', complete: 2 })
    expect(await study.optimize(() => 1, { trials: 0 })).to.deep.include({ reason: 'trials', complete: 0 })
    expect((await study.trials()).length).to.equal(5)
  })

  it('of `until` ends where an ask would create that number, and counts what exists', async () => {
    await using study = await createStudy()
    await study.tell(await study.ask(), { state: 'failed', error: new Error('no') })
    await study.ask()
    expect(await study.optimize(() => 1, { until: 5, concurrency: 3 })).to.deep.include({ reason: 'trials', complete: 3 })
    expect(await study.optimize(() => 1, { until: 5 })).to.deep.include({ reason: 'trials', complete: 0 })
    expect((await study.trials()).length).to.equal(5)
  })

  it('of both ends where the first says so', async () => {
    await using study = await createStudy()
    expect((await study.optimize(() => 1, { trials: 2, until: 10 })).complete).to.equal(2)
    expect((await study.optimize(() => 1, { trials: 20, until: 10 })).complete).to.equal(8)
  })

  it('has as many evaluations under way as it was told, never more', async () => {
    for (const concurrency of [1, 4, 16]) {
      const wait = scrambled(concurrency)
      await using study = await createStudy()
      let running = 0
      let most = 0
      const evaluate = async (): Promise<number> => {
        most = Math.max(most, ++running)
        await wait()
        await wait()
        running--
        return 1
      }
      const { complete } = await study.optimize({ space: () => ({}), evaluate }, { trials: 50, concurrency })
      expect(complete).to.equal(50)
      expect(most).to.equal(concurrency)
    }
  })

  it('refills a lane as soon as it is free', async () => {
    await using study = await createStudy()
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<number>())
    const begun: number[] = []
    const began = Promise.withResolvers<void>()
    const run = study.optimize(
      trial => {
        begun.push(trial.number)
        if (trial.number === 3) began.resolve()
        return gates[trial.number]?.promise ?? 0
      },
      { trials: 4, concurrency: 2 }
    )
    // Trial 0 hangs in its lane; the other lane does the rest.
    gates[1]?.resolve(1)
    gates[2]?.resolve(1)
    await began.promise
    expect(begun).to.deep.equal([0, 1, 2, 3])
    for (const gate of gates) gate.resolve(1)
    expect((await run).complete).to.equal(4)
  })

  it('counts by state, and reused ones among them', async () => {
    const known = answering(async (call, next) => {
      const result = await next(call)
      return call.trial === 3 ? { ...result, answer: { state: 'complete', value: [5], reusedFrom: 0 } } : result
    })
    await using study = await createStudy({ plugins: [known] })
    const evaluated: number[] = []
    const summary = await study.optimize(
      trial => {
        evaluated.push(trial.number)
        if (trial.number === 1) trial.prune()
        return trial.number === 2 ? Number.NaN : 5
      },
      { trials: 5 }
    )
    expect(summary).to.deep.include({ reason: 'trials', complete: 3, pruned: 1, failed: 1, reused: 1 })
    expect(evaluated).to.deep.equal([0, 1, 2, 4])
  })

  it('of `unique` counts evaluations, and needs a plugin that answers repeats', async () => {
    const seen = new Map<unknown, number>()
    const remembering = answering(async (call, next) => {
      const result = await next(call)
      const n = result.params?.n
      const before = seen.get(n)
      seen.set(n, before ?? call.trial)
      return before === undefined ? result : { ...result, answer: { state: 'complete', value: [1], reusedFrom: before } }
    })
    await using study = await createStudy({ seed: 1, plugins: [remembering] })
    const objective = { space: space({ n: int(0, 9) }), evaluate: () => 1 }
    const summary = await study.optimize(objective, { unique: 8 })
    expect(summary.complete - summary.reused).to.equal(8)
    expect(summary.reused).to.be.above(0)
    await using plain = await createStudy()
    expect(await rejectedCode(plain.optimize(objective, { unique: 8 }))).to.equal('UNIQUE_NEEDS_DEDUP')
  })

  it('of `unique` ends as exhausted when nothing but repeats has come for a thousand trials', async () => {
    const repeating = answering(async (call, next) => {
      const result = await next(call)
      return call.trial === 0 ? result : { ...result, answer: { state: 'complete', value: [1], reusedFrom: 0 } }
    })
    await using study = await createStudy({ plugins: [repeating] })
    const { best, ...counts } = await study.optimize({ space: space({ n: int(0, 0) }), evaluate: () => 1 }, { unique: 2 })
    expect(counts).to.deep.equal({ reason: 'space-exhausted', complete: 1001, pruned: 0, failed: 0, reused: 1000 })
    expect(best?.number).to.equal(0)
  })

  it('counts enqueued params that `where` forbids among the failed', async () => {
    await using study = await createStudy()
    for (const n of [7, 8]) await study.enqueue({ n })
    const failed: number[] = []
    study.events$.pipe(ofType('trial.failed')).subscribe(({ trial }) => failed.push(trial))
    const low = space({ n: int(0, 9) }, { where: ({ n }) => n < 5 })
    const objective = { space: low, evaluate: () => 1 }
    const said = await warnings(async () => {
      expect(await study.optimize(objective, { trials: 1 })).to.deep.include({ reason: 'trials', complete: 0, failed: 1 })
      expect(await study.optimize(objective, { trials: 2 })).to.deep.include({ reason: 'trials', complete: 1, failed: 1 })
    })
    expect(failed).to.deep.equal([0, 1])
    const why = 'Expected enqueued params that `where` accepts, got others, whatever is drawn beside them. Enqueue other values.'
    expect(said).to.deep.equal([`Trial 0 failed: ${why}`, `Trial 1 failed: ${why}`])
  })

  it('fails a trial whose evaluation or answer a plugin replaced by what is no outcome, and goes on', async () => {
    const nothing: Plugin = {
      name: 'nothing',
      install(ctx) {
        ctx.intercept('ask', async (call, next) => ({ ...(await next(call)), ...(call.trial === 1 ? { answer: {} as never } : {}) }))
        ctx.intercept('evaluate', (call, next) => (call.trial.number === 0 ? Promise.resolve(undefined as never) : next(call)))
      }
    }
    await using study = await createStudy({ plugins: [nothing] })
    const objective = { space: space({ n: int(0, 9) }), evaluate: () => 1 }
    expect(await study.optimize(objective, { trials: 3, onError: 'continue' })).to.deep.include({ complete: 1, failed: 2 })
    for (const { systemAttributes } of await study.trials('failed'))
      expect(systemAttributes['rxtuna:reason'])
        .to.have.property('message')
        .that.matches(/Expected (an outcome with the state|the interceptor of the plugin "nothing" .* to return a result, got undefined)/)
  })

  it('refuses every option that is wrong, before it asks', async () => {
    await using study = await createStudy()
    const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
      ['OPTION_UNKNOWN', { nTrials: 3 }],
      ['OPTION', { trials: -1 }],
      ['OPTION', { trials: 1.5 }],
      ['OPTION', { trials: '3' }],
      ['OPTION', { until: Number.NaN }],
      ['OPTION', { unique: Number.POSITIVE_INFINITY }],
      ['OPTION', { timeout: -1 }],
      ['OPTION', { timeout: Number.NaN }],
      ['OPTION', { trialTimeout: '1s' }],
      ['OPTION', { concurrency: 0 }],
      ['OPTION', { concurrency: 1.5 }],
      ['OPTION', { signal: new AbortController() }],
      ['OPTION', { onError: 'ignore' }],
      ['DETERMINISTIC_TIMEOUT', { deterministic: true, timeout: 1000 }]
    ]
    for (const [code, options] of wrong)
      expect(await rejectedCode(study.optimize(() => 1, options as OptimizeOptions)), JSON.stringify(options)).to.equal(code)
    for (const objective of [undefined, null, {}, { space: () => 1 }, { evaluate: () => 1 }])
      expect(await rejectedCode(study.optimize(objective as never, { trials: 1 }))).to.equal('OBJECTIVE_SHAPE')
    const unwrapped = { space: { x: int(0, 1) }, evaluate: () => 1 }
    expect(await rejectedCode(study.optimize(unwrapped as never, { trials: 1 }))).to.equal('OBJECTIVE_SPACE')
    expect(await study.trials()).to.deep.equal([])
  })

  it('is the only one of its study; a second is refused, and one after it is not', async () => {
    await using study = await createStudy()
    const gate = Promise.withResolvers<number>()
    const run = study.optimize(() => gate.promise, { trials: 1 })
    expect(await rejectedCode(study.optimize(() => 1, { trials: 1 }))).to.equal('OPTIMIZE_RUNNING')
    gate.resolve(1)
    await run
    expect((await study.optimize(() => 1, { trials: 1 })).complete).to.equal(1)
  })

  it('does not evaluate a trial that a plugin answers, and emits its events all the same', async () => {
    const known = answering(async (call, next) => ({ ...(await next(call)), answer: { state: 'complete', value: [7], reusedFrom: 0 } }))
    await using study = await createStudy({ plugins: [known] })
    const events: string[] = []
    study.events$.subscribe(({ type }) => events.push(type))
    const summary = await study.optimize({ space: () => 1, evaluate: () => expect.fail('evaluated') }, { trials: 1 })
    expect(summary).to.deep.include({ complete: 1, reused: 1 })
    expect(events).to.deep.equal(['study.started', 'trial.started', 'trial.completed', 'study.improved', 'study.finished'])
  })

  it('shares its study with hand-written asks and other study objects', async () => {
    const storage = memory()
    await using one = await createStudy({ name: 's', storage, seed: 1, sampler: samplers.random() })
    await using two = await createStudy({ name: 's', storage, sampler: samplers.random() })
    const wait = scrambled(3)
    const seen: number[] = []
    const objective = {
      space: space({ n: int(0, 1000) }),
      evaluate: async ({ n }: { readonly n: number }, trial: { readonly number: number }) => {
        seen.push(trial.number)
        await wait()
        return n
      }
    }
    await Promise.all([
      one.optimize(objective, { until: 40, concurrency: 3 }),
      two.optimize(objective, { until: 40, concurrency: 2 }),
      one.ask()
    ])
    expect(seen.length).to.equal(39)
    const records = await one.trials()
    expect(records.map(({ number }) => number)).to.deep.equal(Array.from({ length: 40 }, (_, i) => i))
    // A draw belongs to its number, whoever made it.
    await using alone = await createStudy({ seed: 1, sampler: samplers.random() })
    for (const record of records) {
      const { params } = await alone.ask(objective.space)
      if (record.state === 'complete') expect(record.params).to.deep.equal(params)
    }
  })
})
