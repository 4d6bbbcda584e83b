import {
  type CacheStats,
  createStudy,
  type EvaluateCall,
  type Interceptor,
  type ObservedCache,
  type Plugin,
  type PluginContext
} from '@rxtuna/core'
import { expect } from 'chai'
import { EventEmitter } from 'eventemitter3'
import { rejectedCode, rejection, thrownCode } from './rejection.ts'

const evaluating = (name: string, interceptor: Interceptor<'evaluate'>): Plugin => ({
  name,
  install: ctx => ctx.intercept('evaluate', interceptor)
})
const nothing: CacheStats = { hits: 0, misses: 0, joined: 0, evictions: 0, entries: 0, bytes: 0, savedMs: 0 }
const cache = (name: string): ObservedCache => ({
  name,
  events: new EventEmitter(),
  stats: () => nothing,
  clear: () => {},
  around: () => ({ [Symbol.dispose]: () => {} })
})

describe('a plugin', () => {
  it('learns of the study, its trials and one trial', async () => {
    let context: PluginContext | undefined
    const plugin: Plugin = {
      name: 'a',
      install: ctx => {
        context = ctx
      }
    }
    await using study = await createStudy({ name: 's', direction: ['minimize', 'maximize'], plugins: [plugin] })
    expect(context).to.deep.include({ name: 's', directions: ['minimize', 'maximize'] })
    await study.tell(await study.ask(), [1, 2])
    await study.ask()
    await study.enqueue({ x: 1 })
    const numbers = async (state?: 'complete' | 'running' | 'waiting'): Promise<number[]> => {
      const seen: number[] = []
      for await (const { number } of context?.trials(state) ?? []) seen.push(number)
      return seen
    }
    expect(await numbers()).to.deep.equal([0, 1, 2])
    expect(await numbers('complete')).to.deep.equal([0])
    expect(await numbers('waiting')).to.deep.equal([2])
    expect((await context?.trial(0))?.values).to.deep.equal([1, 2])
    expect((await context?.trial(1))?.state).to.equal('running')
    expect(await context?.trial(9)).to.equal(undefined)
  })

  it('is installed after the one before it, which may take its time', async () => {
    const log: string[] = []
    const slow: Plugin = {
      name: 'slow',
      async install() {
        await new Promise(resolve => setImmediate(resolve))
        log.push('slow')
      }
    }
    await using _ = await createStudy({ plugins: [slow, { name: 'fast', install: () => void log.push('fast') }] })
    expect(log).to.deep.equal(['slow', 'fast'])
  })

  it('may intercept while it is installed, not later', async () => {
    let context: PluginContext | undefined
    const plugin: Plugin = {
      name: 'a',
      install: ctx => {
        context = ctx
      }
    }
    await using _ = await createStudy({ plugins: [plugin] })
    expect(thrownCode(() => context?.intercept('tell', (call, next) => next(call)))).to.equal('INTERCEPT_LATE')
  })

  it('shares caches with the others, each under a name of its own', async () => {
    let all: readonly ObservedCache[] = []
    const adding: Plugin = { name: 'adding', install: ctx => ctx.caches.add(cache('bars')) }
    const reading: Plugin = {
      name: 'reading',
      install: ctx => {
        ctx.caches.add(cache('assets'))
        all = ctx.caches.all()
      }
    }
    await using _ = await createStudy({ plugins: [adding, reading] })
    expect(all.map(({ name }) => name)).to.deep.equal(['bars', 'assets'])
    expect(await rejectedCode(createStudy({ plugins: [adding, { ...adding, name: 'again' }] }))).to.equal('CACHE_NAME_TAKEN')
  })

  it('that wraps evaluate sees the trial and its params, and may answer in place', async () => {
    const calls: EvaluateCall[] = []
    const budget = evaluating('budget', async (call, next) => {
      calls.push(call)
      return call.trial.number === 1 ? { state: 'pruned', reason: 'budget spent' } : next(call)
    })
    await using study = await createStudy({ plugins: [budget] })
    const evaluated: number[] = []
    const objective = {
      space: () => ({ shaped: true }),
      evaluate: (_: unknown, trial: { readonly number: number }) => evaluated.push(trial.number)
    }
    expect(await study.optimize(objective, { trials: 3 })).to.deep.include({ complete: 2, pruned: 1 })
    expect(evaluated).to.deep.equal([0, 2])
    expect(calls.map(({ params }) => params)).to.deep.equal([{}, {}, {}])
    await study.optimize(trial => trial.suggestInt('n', 0, 1), { trials: 1 })
    expect(calls.at(-1)?.params).to.equal(undefined)
  })

  it('that calls next again evaluates again, and the outcome that it returns counts', async () => {
    const retrying = evaluating('retrying', async (call, next) => {
      const outcome = await next(call)
      return outcome.state === 'failed' ? next(call) : outcome
    })
    await using study = await createStudy({ plugins: [retrying] })
    let evaluations = 0
    const { complete, failed } = await study.optimize(
      async trial => {
        trial.report(++evaluations, evaluations)
        if (evaluations % 2 === 1) throw new Error('flaky')
        return evaluations
      },
      { trials: 2 }
    )
    expect({ complete, failed, evaluations }).to.deep.equal({ complete: 2, failed: 0, evaluations: 4 })
    expect((await study.trials()).map(({ reports }) => reports.map(({ value }) => value))).to.deep.equal([
      [1, 2],
      [3, 4]
    ])
  })

  it('that throws in evaluate fails that trial, is named, and ends the run by onError', async () => {
    const cause = new Error('no')
    const throwing = evaluating('throwing', async (call, next) => {
      if (call.trial.number === 1) throw cause
      return next(call)
    })
    await using study = await createStudy({ plugins: [evaluating('outer', (call, next) => next(call)), throwing] })
    const errors: unknown[] = []
    study.events$.subscribe(event => {
      if (event.type === 'trial.failed') errors.push(event.error)
    })
    expect(await study.optimize(() => 1, { trials: 3, onError: 'continue' })).to.deep.include({ complete: 2, failed: 1 })
    expect(errors[0]).to.include({ code: 'PLUGIN_THREW', plugin: 'throwing', cause })
    await using strict = await createStudy({ plugins: [throwing] })
    expect(await rejection(strict.optimize(() => 1, { trials: 3 }))).to.include({ code: 'PLUGIN_THREW', plugin: 'throwing' })
  })

  it('that returns a value that is none fails the trial', async () => {
    await using study = await createStudy({ plugins: [evaluating('wrong', async () => ({ state: 'complete', value: [Number.NaN] }))] })
    expect(await study.optimize(() => 1, { trials: 2 })).to.deep.include({ complete: 0, failed: 2 })
  })

  it('emits events of its own, typed by augmenting EventMap', async () => {
    let context: PluginContext | undefined
    const plugin: Plugin = {
      name: 'counting',
      install: ctx => {
        context = ctx
      }
    }
    await using study = await createStudy({ name: 's', clock: () => 5, plugins: [plugin] })
    const events: unknown[] = []
    study.events$.subscribe(event => events.push(event))
    context?.emit('counting.counted', { upTo: 3 })
    expect(events).to.deep.equal([{ type: 'counting.counted', study: 's', at: 5, upTo: 3 }])
    expect(events[0]).to.be.frozen
  })
})

declare module '@rxtuna/core' {
  interface EventMap {
    'counting.counted': { readonly upTo: number }
  }
}
