import {
  createStudy,
  type Interceptor,
  memory,
  type Outcome,
  type Plugin,
  type Sampler,
  type StudyEvent,
  samplers,
  TrialPruned
} from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, rejection } from './rejection.ts'
import { warnings } from './warnings.ts'
import { watched } from './watched-storage.ts'

const intercepting = (interceptor: Interceptor<'tell'>): Plugin => ({ name: 'teller', install: ctx => ctx.intercept('tell', interceptor) })
const reason = 'rxtuna:reason'

describe('telling', () => {
  it('takes a number, an outcome, or an outcome with one number per objective', async () => {
    await using study = await createStudy()
    const told = [3, { state: 'complete', value: 3 }, { state: 'complete', value: [3] }] as const
    for (const result of told) {
      const record = await study.tell(await study.ask(), result)
      expect(record).to.deep.include({ state: 'complete', value: 3, values: [3] })
    }
    const pruned = await study.tell(await study.ask(), { state: 'pruned', reason: 'slow' })
    expect(pruned).to.deep.include({
      state: 'pruned',
      values: [],
      systemAttributes: { [reason]: { name: 'TrialPruned', message: 'slow' } }
    })
    const failed = await study.tell(await study.ask(), { state: 'failed', error: new RangeError('no') })
    expect(failed.state).to.equal('failed')
    expect(failed.systemAttributes[reason]).to.deep.equal({ name: 'RangeError', message: 'no', cause: 'threw' })
    const lost = await study.tell(await study.ask(), { state: 'failed', error: 'gone', cause: 'lost' })
    expect(lost.systemAttributes[reason]).to.deep.equal({ name: 'Error', message: 'gone', cause: 'lost' })
  })

  it('takes a trial or its number, and infinities', async () => {
    await using study = await createStudy()
    await study.ask()
    expect((await study.tell(0, Number.NEGATIVE_INFINITY)).value).to.equal(Number.NEGATIVE_INFINITY)
    await study.ask()
    expect((await study.tell({ number: 1 }, 1)).number).to.equal(1)
  })

  it('stores what an outcome carries beside its value', async () => {
    await using study = await createStudy()
    const reports = [
      { step: 1, value: 4 },
      { step: 0, value: 5 }
    ]
    const outcome: Outcome = { state: 'complete', value: 1, constraints: { size: -1 }, reports, reusedFrom: 7 }
    const record = await study.tell(await study.ask(), outcome)
    expect(record).to.deep.include({ value: 1, constraints: { size: -1 }, reports, reusedFrom: 7 })
    expect((await study.trials())[0]).to.deep.equal(record)
  })

  it('gives a pruned trial the value of its last step', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    trial.report(5, 3)
    trial.report(4, 1)
    expect(await study.tell(trial, { state: 'pruned' })).to.deep.include({ state: 'pruned', value: 5, values: [5] })
    const silent = await study.ask()
    silent.report(Number.NaN, 0)
    expect((await study.tell(silent, { state: 'pruned' })).values).to.deep.equal([])
  })

  it('NaN, a wrong count or a wrong type is a failed trial with a sentence', async () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [Number.NaN, /NaN/],
      [[1, 2], /1 value.*got 2/],
      [[], /1 value.*got 0/],
      ['no', /"no"/],
      [null, /null/],
      [undefined, /undefined/],
      [1n, /1n/],
      [[null], /null/]
    ]
    for (const [result, sentence] of wrong) {
      await using study = await createStudy()
      const record = await study.tell(await study.ask(), result as number)
      expect(record.state).to.equal('failed')
      const { message, cause } = record.systemAttributes[reason] as { readonly message: string; readonly cause: string }
      expect(message)
        .to.match(/^Expected .*, got /)
        .and.to.match(sentence)
      expect(cause).to.equal('invalid')
    }
    await using two = await createStudy({ direction: ['minimize', 'maximize'] })
    for (const result of [1, [1], [1, 2, 3], [1, Number.NaN]])
      expect((await two.tell(await two.ask(), result as never)).state).to.equal('failed')
    expect((await two.tell(await two.ask(), [1, 2])).values).to.deep.equal([1, 2])
  })

  it('an outcome that contradicts itself, or a number spelled as a text, is refused, and the trial stays running', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    const refused: readonly (readonly [unknown, string])[] = [
      [{ state: 'complete', value: Number.NaN }, 'VALUE_NAN'],
      [{ state: 'complete', value: [1, 2] }, 'VALUE_COUNT'],
      [{ state: 'complete' }, 'VALUE_INVALID'],
      [{ state: 'pruned', value: 1 }, 'OUTCOME_VALUE'],
      [{ state: 'failed', error: new Error('no'), value: [] }, 'OUTCOME_VALUE'],
      ['1.5', 'VALUE_TEXT'],
      [['1.5'], 'VALUE_TEXT']
    ]
    for (const [result, code] of refused) expect(await rejectedCode(study.tell(trial, result as never))).to.equal(code)
    expect((await study.tell(trial, true as never)).value).to.equal(1)
  })

  it('an object that is no outcome is refused, and the trial stays running', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    for (const result of [{}, { state: 'done' }, { value: 1 }])
      expect(await rejectedCode(study.tell(trial, result as never))).to.equal('OUTCOME_STATE')
    for (const wrong of [undefined, null, 'x', {}, 0.5]) expect(await rejectedCode(study.tell(wrong as never, 1))).to.equal('OPTION')
    expect((await study.tell(trial, 1)).state).to.equal('complete')
  })

  it('twice is refused, also at the same time, and what was told first stands whole', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    await study.tell(trial, 1)
    for (const again of [trial, trial.number]) expect(await rejectedCode(study.tell(again, 2))).to.equal('TRIAL_NOT_RUNNING')
    const second = await study.ask()
    second.suggestFloat('x', 0, 1)
    second.report(1, 0)
    const results = await Promise.allSettled([study.tell(second, 1), study.tell(second, 2), study.tell(1, 3)])
    expect(results.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'rejected'])
    const record = (await study.trials())[1]
    expect(record).to.deep.include({ value: 1, reports: [{ step: 0, value: 1 }] })
    expect(record?.params).to.have.property('x')
  })

  it('a trial that does not exist, or that still waits, is refused', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.tell(0, 1))).to.equal('TRIAL_UNKNOWN')
    expect(await rejectedCode(study.tell(-1, 1))).to.equal('TRIAL_UNKNOWN')
    await study.enqueue({ x: 1 })
    expect(await rejectedCode(study.tell(0, 1))).to.equal('TRIAL_NOT_RUNNING')
    expect((await study.trials())[0]?.state).to.equal('waiting')
  })

  it('reaches a trial that another study object asked for', async () => {
    const storage = memory()
    await using one = await createStudy({ name: 's', storage })
    await using two = await createStudy({ name: 's', storage })
    const trial = await one.ask(s => s.suggestInt('x', 0, 9))
    const events: string[] = []
    two.events$.subscribe(({ type }) => events.push(type))
    expect((await two.tell(trial.number, 5)).params).to.deep.equal({ x: trial.params })
    expect(events).to.deep.equal(['trial.completed', 'study.improved'])
    expect(await rejectedCode(one.tell(trial, 6))).to.equal('TRIAL_NOT_RUNNING')
    expect((await one.best())?.value).to.equal(5)
  })

  it('resolves with the record that a later read gives, frozen', async () => {
    const storage = memory()
    await using study = await createStudy({ name: 's', storage })
    const trial = await study.ask(s => s.suggestInt('x', 0, 9))
    trial.report(1, 0)
    trial.setAttribute('a', [1, { b: null }])
    trial.setConstraint('c', 2)
    const record = await study.tell(trial, 4)
    expect(record).to.be.frozen
    await using again = await createStudy({ name: 's', storage })
    expect((await again.trials())[0]).to.deep.equal(record)
  })

  it('asks the sampler what to store with the end, in the same call', async () => {
    const watch = watched()
    const seen: unknown[] = []
    const sampler: Sampler = {
      name: 'noting',
      sample: () => 0,
      beforeFinish(outcome, history) {
        seen.push(outcome.state, history.trial)
        return outcome.state === 'complete' ? { noted: history.trial } : undefined
      }
    }
    await using study = await createStudy({ storage: watch.storage, sampler })
    expect((await study.tell(await study.ask(), 1)).systemAttributes).to.deep.equal({ noted: 0 })
    expect((await study.tell(await study.ask(), { state: 'pruned' })).systemAttributes).to.deep.equal({})
    expect(seen).to.deep.equal(['complete', 0, 'pruned', 1])
    expect(watch.calls.filter(call => call === 'finish' || call === 'update')).to.deep.equal(['finish', 'finish'])
  })

  it('that the storage refuses rejects with its error, emits nothing, and can be done again with nothing lost', async () => {
    const watch = watched()
    const failure = new Error('disk full')
    for (const plugins of [[], [intercepting((call, next) => next(call))]]) {
      await using study = await createStudy({ storage: watch.storage, plugins })
      const events: string[] = []
      study.events$.subscribe(({ type }) => events.push(type))
      const trial = await study.ask()
      trial.suggestFloat('x', 0, 1)
      trial.report(1, 0)
      trial.setConstraint('c', -1)
      trial.setAttribute('a', 1)
      watch.before = method => {
        if (method === 'finish' || method === 'update') throw failure
      }
      expect(await rejection(study.tell(trial, 1))).to.equal(failure)
      expect(await rejection(study.tell(trial, 1))).to.equal(failure)
      watch.before = () => {}
      expect((await study.trials())[0]?.state).to.equal('running')
      expect(events).to.deep.equal(['trial.started', 'trial.reported'])
      trial.report(2, 1)
      const record = await study.tell(trial, 1)
      expect(record.params).to.have.property('x')
      expect(record).to.deep.include({
        state: 'complete',
        constraints: { c: -1 },
        attributes: { a: 1 },
        reports: [
          { step: 0, value: 1 },
          { step: 1, value: 2 }
        ]
      })
      expect(events.slice(2)).to.deep.equal(['trial.reported', 'trial.completed', 'study.improved'])
    }
  })

  it('sees an improvement even if another ask has read the trial before', async () => {
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage })
    const events: StudyEvent['type'][] = []
    study.events$.subscribe(({ type }) => events.push(type))
    const first = await study.ask()
    watch.after = async method => {
      if (method !== 'finish') return
      watch.after = () => {}
      await study.ask()
    }
    await study.tell(first, 1)
    expect(events).to.deep.equal(['trial.started', 'trial.started', 'trial.completed', 'study.improved'])
    watch.after = async method => {
      if (method === 'finish') await study.trials()
    }
    await study.tell(1, 2)
    await study.tell(await study.ask(), 0)
    expect(events.slice(4)).to.deep.equal(['trial.completed', 'trial.started', 'trial.completed', 'study.improved'])
  })

  it('passes interceptors, which see what was suggested and may change the outcome', async () => {
    const calls: unknown[] = []
    const capping = intercepting((call, next) => {
      calls.push(call)
      const { outcome } = call
      return next(
        outcome.state === 'complete' ? { ...call, outcome: { state: 'complete', value: outcome.value.map(v => Math.min(v, 10)) } } : call
      )
    })
    await using study = await createStudy({ plugins: [capping] })
    const trial = await study.ask(s => ({ double: 2 * s.suggestInt('x', 4, 4) }))
    expect((await study.tell(trial, 99)).value).to.equal(10)
    expect(calls).to.deep.equal([{ trial: 0, params: { x: 4 }, outcome: { state: 'complete', value: [99] } }])
  })

  it('fails the trial when an interceptor throws before it is stored, and the event names the plugin', async () => {
    const cause = new Error('no')
    const throwing = intercepting(() => Promise.reject(cause))
    await using study = await createStudy({ plugins: [throwing] })
    const events: StudyEvent[] = []
    study.events$.subscribe(event => events.push(event))
    const record = await study.tell(await study.ask(), 1)
    expect(record.state).to.equal('failed')
    expect(record.systemAttributes[reason]).to.include({ message: 'The plugin "teller" threw in the phase "tell": no', cause: 'threw' })
    const failed = events.find(event => event.type === 'trial.failed')
    expect(failed?.error).to.include({ code: 'PLUGIN_THREW', plugin: 'teller', cause })
  })

  it('lets the outcome stand when an interceptor throws after it is stored, and says so', async () => {
    const cause = new Error('no')
    const throwing = intercepting(async (call, next) => {
      await next(call)
      throw cause
    })
    await using study = await createStudy({ plugins: [throwing] })
    const events: StudyEvent[] = []
    study.events$.subscribe(event => events.push(event))
    expect((await study.tell(await study.ask(), 1)).state).to.equal('complete')
    expect(events.map(({ type }) => type)).to.deep.equal(['trial.started', 'trial.completed', 'study.improved', 'plugin.failed'])
  })

  it('stores the outcome all the same when an interceptor does not call next', async () => {
    const silent = intercepting(async () => ({}) as never)
    await using study = await createStudy({ plugins: [silent] })
    const events: string[] = []
    study.events$.subscribe(({ type }) => events.push(type))
    expect(await study.tell(await study.ask(), 1)).to.deep.include({ state: 'complete', value: 1 })
    expect(events).to.deep.equal(['trial.started', 'trial.completed', 'study.improved'])
  })

  it('by its number, a trial of another study object, passes interceptors and the sampler too', async () => {
    const storage = memory()
    await using asking = await createStudy({ name: 's', storage })
    const trial = await asking.ask(s => s.suggestInt('x', 4, 4))
    const calls: unknown[] = []
    const watching = intercepting((call, next) => {
      calls.push(call)
      return call.outcome.state === 'failed' ? Promise.reject(new Error('no')) : next(call)
    })
    const sampler: Sampler = { ...samplers.random(), beforeFinish: () => ({ mark: 1 }) }
    await using study = await createStudy({ name: 's', storage, sampler, plugins: [watching] })
    expect((await study.tell(trial.number, 99)).systemAttributes).to.deep.equal({ mark: 1 })
    expect(calls).to.deep.equal([{ trial: 0, params: { x: 4 }, outcome: { state: 'complete', value: [99] } }])
    const other = await asking.ask()
    const record = await study.tell(other.number, { state: 'failed', error: new Error('its own') })
    expect(record.systemAttributes[reason]).to.include({ message: 'The plugin "teller" threw in the phase "tell": no' })
  })

  it('takes TrialPruned for pruned when an objective throws it', async () => {
    await using study = await createStudy()
    const { pruned, failed } = await study.optimize(
      trial => {
        if (trial.number === 0) throw new TrialPruned('enough')
        return trial.prune()
      },
      { trials: 2 }
    )
    expect({ pruned, failed }).to.deep.equal({ pruned: 2, failed: 0 })
    const [first, second] = await study.trials()
    expect(first?.systemAttributes[reason]).to.deep.equal({ name: 'TrialPruned', message: 'enough' })
    expect(second?.systemAttributes).to.deep.equal({})
  })
})

describe('a tell that is refused', () => {
  it('says nothing of the trial but its error', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    await study.tell(trial, 1)
    expect(
      await warnings(async () => expect(await rejectedCode(study.tell(trial, undefined as never))).to.equal('TRIAL_NOT_RUNNING'))
    ).to.deep.equal([])
    const error = await rejection(study.tell(trial, 1))
    expect(Object.keys(error as object)).not.to.include('plugin')
    expect(await rejectedCode(study.trials('COMPLETE' as never))).to.equal('OPTION')
  })
})
