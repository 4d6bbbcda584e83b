import { context, propagation, SpanStatusCode, trace } from '@opentelemetry/api'
import { AlwaysOffSampler, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { createStudy, int, type Plugin, space } from '@rxtuna/core'
import { telemetry } from '@rxtuna/telemetry'
import { expect } from 'chai'
import { type RegisteredSdk, registerSdk } from './sdk.ts'

const idOf = (span: ReadableSpan | undefined): string | undefined => span?.spanContext().spanId
const parentOf = (span: ReadableSpan | undefined): string | undefined => span?.parentSpanContext?.spanId
const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1000 + nanos / 1e6

/** Answers every trial after the first with the first one's outcome. */
const repeats: Plugin = {
  name: 'repeats',
  install(study) {
    study.intercept('ask', async (call, next) => {
      const result = await next(call)
      return call.trial === 0 ? result : { ...result, answer: { state: 'complete', value: [7], reusedFrom: 0 } }
    })
  }
}

describe('the spans of a study', () => {
  let sdk: RegisteredSdk
  const numbers = space({ n: int(0, 1000) })
  const trialSpan = (number: number): ReadableSpan | undefined =>
    sdk.spans('trial').find(span => span.attributes['rxtuna.trial.number'] === number)

  beforeEach(() => {
    sdk = registerSdk()
  })
  afterEach(() => sdk[Symbol.asyncDispose]())

  it('give each trial a trace of its own, linked to the span of its run', async () => {
    await using study = await createStudy({ name: 'traces', plugins: [telemetry()] })
    await study.optimize({ space: numbers, evaluate: ({ n }) => n }, { trials: 3, concurrency: 2 })
    const [run] = sdk.spans('study.optimize')
    const trials = sdk.spans('trial')
    expect(trials).to.have.length(3)
    expect(new Set([run, ...trials].map(span => span?.spanContext().traceId)).size).to.equal(4)
    for (const trial of trials) {
      expect(parentOf(trial)).to.equal(undefined)
      expect(trial.links.map(link => link.context.spanId)).to.deep.equal([idOf(run)])
    }
    expect(run?.attributes).to.include({ 'rxtuna.study.name': 'traces', 'rxtuna.run.concurrency': 2, 'rxtuna.run.complete': 3 })
    expect(run?.attributes['rxtuna.run.reason']).to.equal('trials')
  })

  it("put the objective's own spans under trial.evaluate under trial, and keep lanes apart", async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    const tracer = trace.getTracer('backtest')
    let enter = (): void => {}
    const bothIn = new Promise<void>(resolve => {
      let inside = 0
      enter = () => {
        if (++inside === 2) resolve()
      }
    })
    const evaluate = async ({ n }: { n: number }, { number }: { number: number }): Promise<number> => {
      enter()
      await bothIn
      return tracer.startActiveSpan('simulate', span => {
        span.setAttribute('number', number)
        span.end()
        return n
      })
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 2, concurrency: 2 })
    for (const own of sdk.spans('simulate')) {
      const evaluation = sdk.spans('trial.evaluate').find(span => idOf(span) === parentOf(own))
      const trial = sdk.spans('trial').find(span => idOf(span) === parentOf(evaluation))
      expect(trial?.attributes['rxtuna.trial.number']).to.equal(own.attributes.number)
    }
    expect(sdk.spans('simulate')).to.have.length(2)
  })

  it('begin with the ask and end with the tell', async () => {
    let now = 1_700_000_000_000
    const clock = (): number => now
    const slow: Plugin = {
      name: 'slow',
      install: study =>
        study.intercept('ask', async (call, next) => {
          now += 40
          return next(call)
        })
    }
    await using study = await createStudy({ plugins: [telemetry({ clock }), slow] })
    const evaluate = (): number => {
      now += 500
      return 1
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 1 })
    const lasts = (name: string): readonly number[] => sdk.spans(name).map(span => ms(span.endTime) - ms(span.startTime))
    expect(lasts('trial.ask')).to.deep.equal([40])
    expect(lasts('trial.evaluate')).to.deep.equal([500])
    expect(lasts('trial')).to.deep.equal([540])
    expect(sdk.spans('trial').map(span => ms(span.startTime))).to.deep.equal([1_700_000_000_000])
  })

  it('hold all draws of an ask in one, also where a plugin further out draws again', async () => {
    let now = 1_700_000_000_000
    const again: Plugin = {
      name: 'again',
      install: study =>
        study.intercept('ask', async (call, next) => {
          const result = await next(call)
          now += 10
          return next({ ...call, attempt: result.attempt + 1 })
        })
    }
    await using study = await createStudy({ plugins: [again, telemetry({ clock: () => now })] })
    await study.optimize({ space: numbers, evaluate: () => 1 }, { trials: 2 })
    expect(sdk.spans('trial.ask').map(span => ms(span.endTime) - ms(span.startTime))).to.deep.equal([10, 10])
  })

  it('say what was tried and what came of it', async () => {
    await using study = await createStudy({ name: 'told', plugins: [telemetry()] })
    await study.enqueue({ n: 12 })
    await study.optimize({ space: numbers, evaluate: ({ n }) => n / 2 }, { trials: 1 })
    const attributes = trialSpan(0)?.attributes
    expect(attributes).to.include({ 'rxtuna.study.name': 'told', 'rxtuna.param.n': 12, 'rxtuna.trial.state': 'complete' })
    expect(attributes?.['rxtuna.trial.values']).to.deep.equal([6])
    expect(trialSpan(0)?.status.code).to.equal(SpanStatusCode.UNSET)
  })

  it('carry the params of an objective that draws while it runs', async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    await study.optimize(trial => trial.suggestInt('late', 3, 3) + Number(trial.suggestCategorical('none', [null]) === null), { trials: 1 })
    expect(trialSpan(0)?.attributes).to.include({ 'rxtuna.param.late': 3, 'rxtuna.param.none': 'null' })
  })

  it('mark a failed trial as an error with its exception, and a pruned one not', async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    const evaluate = (_: unknown, trial: { number: number; prune(reason?: string): never }): number => {
      if (trial.number === 0) throw new RangeError('no prices')
      return trial.prune('too slow')
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 2, onError: 'continue' })
    const [failed, pruned] = [trialSpan(0), trialSpan(1)]
    expect(failed?.status).to.deep.equal({ code: SpanStatusCode.ERROR, message: 'no prices' })
    expect(failed?.attributes['error.type']).to.equal('RangeError')
    expect(failed?.events.map(event => event.attributes?.['exception.message'])).to.deep.equal(['no prices'])
    const evaluations = sdk.spans('trial.evaluate')
    expect(evaluations.map(span => span.status.code)).to.deep.equal([SpanStatusCode.ERROR, SpanStatusCode.UNSET])
    expect(pruned?.status.code).to.equal(SpanStatusCode.UNSET)
    expect(pruned?.attributes['rxtuna.trial.state']).to.equal('pruned')
    expect(pruned?.events).to.deep.equal([])
  })

  it('show that a trial was reused, which has no evaluation', async () => {
    await using study = await createStudy({ plugins: [telemetry(), repeats] })
    await study.optimize({ space: numbers, evaluate: () => 7 }, { trials: 3 })
    expect(sdk.spans('trial.evaluate')).to.have.length(1)
    expect(sdk.spans('trial').map(span => span.attributes['rxtuna.trial.reused_from'])).to.deep.equal([undefined, 0, 0])
  })

  it('hold the first reports as events, and count all', async () => {
    await using study = await createStudy({ plugins: [telemetry({ maxReports: 2 })] })
    const evaluate = (_: unknown, trial: { report(value: number, step: number): void }): number => {
      for (let step = 0; step < 5; step++) trial.report(step * 10, step)
      return 1
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 1 })
    const trial = trialSpan(0)
    expect(trial?.events.map(event => [event.name, event.attributes])).to.deep.equal([
      ['report', { 'rxtuna.report.step': 0, 'rxtuna.report.value': 0 }],
      ['report', { 'rxtuna.report.step': 1, 'rxtuna.report.value': 10 }]
    ])
    expect(trial?.attributes['rxtuna.trial.reports']).to.equal(5)
  })

  it('work in a hand-written loop, linked to the span that asked', async () => {
    const study = await createStudy({ plugins: [telemetry()] })
    const mine = trace.getTracer('mine').startSpan('loop')
    const trial = await context.with(trace.setSpan(context.active(), mine), () => study.ask(numbers))
    await study.tell(trial, trial.params.n)
    mine.end()
    await study.close()
    expect(trialSpan(0)?.attributes['rxtuna.trial.state']).to.equal('complete')
    expect(trialSpan(0)?.links.map(link => link.context.spanId)).to.deep.equal([mine.spanContext().spanId])
    expect(parentOf(sdk.spans('trial.ask')[0])).to.equal(idOf(trialSpan(0)))
    expect(sdk.spans('study.optimize')).to.deep.equal([])
  })

  it('end when the study closes, and say that a trial was left untold', async () => {
    const study = await createStudy({ plugins: [telemetry()] })
    await study.ask(numbers)
    await study.close()
    expect(trialSpan(0)?.attributes).to.include({ 'rxtuna.trial.state': 'running', 'rxtuna.trial.untold': true })
  })

  it('make nothing of an ask that came to no trial', async () => {
    const refuses: Plugin = {
      name: 'refuses',
      install: study =>
        study.intercept('ask', async (call, next) => {
          await next(call)
          throw new Error('not this one')
        })
    }
    const study = await createStudy({ plugins: [telemetry(), refuses] })
    expect(await study.ask(numbers).catch((error: Error) => error.message)).to.contain('not this one')
    await study.close()
    expect(sdk.spans()).to.deep.equal([])
  })

  it('pass the baggage of whoever called optimize on to the objective', async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    const baggage = propagation.createBaggage({ desk: { value: 'fx' } })
    let seen: string | undefined
    const evaluate = (): number => {
      seen = propagation.getActiveBaggage()?.getEntry('desk')?.value
      return 1
    }
    await context.with(propagation.setBaggage(context.active(), baggage), () => study.optimize({ space: numbers, evaluate }, { trials: 1 }))
    expect(seen).to.equal('fx')
  })

  it('make the run a child of the span that called optimize, and no trial', async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    const outer = trace.getTracer('mine').startSpan('nightly')
    await context.with(trace.setSpan(context.active(), outer), () => study.optimize({ space: numbers, evaluate: () => 1 }, { trials: 1 }))
    outer.end()
    expect(parentOf(sdk.spans('study.optimize')[0])).to.equal(outer.spanContext().spanId)
    expect(parentOf(trialSpan(0))).to.equal(undefined)
    expect(trialSpan(0)?.spanContext().traceId).not.to.equal(outer.spanContext().traceId)
  })

  it('end with their run even when it is aborted', async () => {
    await using study = await createStudy({ plugins: [telemetry()] })
    const abort = new AbortController()
    const evaluate = (): Promise<number> => {
      abort.abort(new Error('enough'))
      return new Promise(() => {})
    }
    const thrown = await study.optimize({ space: numbers, evaluate }, { trials: 1, signal: abort.signal }).catch((error: Error) => error)
    expect(thrown).to.have.property('message', 'enough')
    expect(sdk.spans().map(span => span.name)).to.have.members(['trial.ask', 'trial.evaluate', 'trial', 'study.optimize'])
  })
})

describe('spans that a sampler turns down', () => {
  it('are not recorded, and the spans of the objective follow that decision', async () => {
    await using sdk = registerSdk({ sampler: new AlwaysOffSampler() })
    await using study = await createStudy({ plugins: [telemetry()] })
    let traceFlags: number | undefined
    const evaluate = (): number => {
      traceFlags = trace.getActiveSpan()?.spanContext().traceFlags
      return 1
    }
    const { complete } = await study.optimize({ space: space({ n: int(0, 9) }), evaluate }, { trials: 2 })
    expect(complete).to.equal(2)
    expect(traceFlags).to.equal(0)
    expect(sdk.spans()).to.deep.equal([])
    expect((await sdk.metrics()).has('rxtuna.trials')).to.equal(true)
  })
})
