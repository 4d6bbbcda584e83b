import { createStudy, float, int, memory, type Plugin, type StudyEvent, samplers, space, systemKeys, type Trial } from '@rxtuna/core'
import { dedup, openMemoryGuard } from '@rxtuna/dedup'
import { expect } from 'chai'
import { failure } from './errors.ts'
import { listed } from './gates.ts'

const digits = space({ x: int(0, 9) })
const square = (x: number): number => x * x

describe('dedup', () => {
  it('evaluates each set once: a repeat takes over values, constraints and reports of the trial that was evaluated', async () => {
    await using study = await createStudy({ sampler: listed([3, 4, 3, 3]), plugins: [dedup()] })
    let evaluations = 0
    const evaluate = ({ x }: { readonly x: number }, trial: Trial<unknown>): number => {
      evaluations++
      trial.report(1, 0)
      trial.report(2, 5)
      trial.setConstraint('drawdown', x - 5)
      return square(x)
    }
    const summary = await study.optimize({ space: digits, evaluate }, { trials: 4 })
    expect(evaluations).to.equal(2)
    expect(summary).to.deep.include({ complete: 4, reused: 2 })
    const [first, , third, fourth] = await study.trials()
    for (const repeat of [third, fourth]) {
      expect(repeat?.reusedFrom).to.equal(0)
      expect(repeat).to.deep.include({ state: 'complete', values: [9], params: { x: 3 }, constraints: { drawdown: -2 } })
      expect(repeat?.reports).to.deep.equal(first?.reports)
    }
  })

  it('takes over a pruned trial as pruned, and all values of several objectives', async () => {
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const evaluate = (_: unknown, trial: Trial<unknown>): number => {
      trial.report(7, 0)
      return trial.prune('too slow')
    }
    expect(await study.optimize({ space: digits, evaluate }, { trials: 2 })).to.deep.include({ pruned: 2, reused: 1 })
    expect((await study.trials())[1]).to.deep.include({ state: 'pruned', reusedFrom: 0, values: [7] })

    await using two = await createStudy({ direction: ['minimize', 'maximize'], sampler: listed([1]), plugins: [dedup()] })
    await two.optimize({ space: digits, evaluate: () => [1, 2] as const }, { trials: 2 })
    expect((await two.trials())[1]).to.deep.include({ reusedFrom: 0, values: [1, 2] })
  })

  it('evaluates a set again when the trial that had it failed', async () => {
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const outcomes = [new Error('no prices'), Number.NaN, 5, 6]
    const evaluate = (): number => {
      const outcome = outcomes.shift()
      if (outcome instanceof Error) throw outcome
      return outcome as number
    }
    await study.optimize({ space: digits, evaluate }, { trials: 4, onError: 'continue' })
    const trials = await study.trials()
    expect(trials.map(({ state, value, reusedFrom }) => [state, value, reusedFrom])).to.deep.equal([
      ['failed', undefined, undefined],
      ['failed', undefined, undefined],
      ['complete', 5, undefined],
      ['complete', 5, 2]
    ])
  })

  it('says in an ask/tell loop what it knows, a repeat with its answer and a running twin with its number, and never waits', async () => {
    await using study = await createStudy({ sampler: listed([1, 2, 1, 1, 2]), plugins: [dedup()] })
    const first = await study.ask(digits)
    const second = await study.ask(digits)
    const twin = await study.ask(digits)
    expect([first.answer, first.twin, second.answer, second.twin]).to.deep.equal([undefined, undefined, undefined, undefined])
    expect(twin).to.deep.include({ twin: 0, params: { x: 1 } })
    await study.tell(first, 10)
    const repeat = await study.ask(digits)
    expect(repeat.answer).to.deep.include({ state: 'complete', value: [10], reusedFrom: 0 })
    expect(await study.tell(repeat, repeat.answer ?? 0)).to.deep.include({ value: 10, reusedFrom: 0 })
    // A twin may be evaluated all the same.
    expect(await study.tell(twin, 11)).to.not.have.property('reusedFrom')
    expect((await study.ask(digits)).twin).to.equal(1)
  })

  it('signs what was drawn, so that the params of no trial are an empty set', async () => {
    await using study = await createStudy({ seed: 3, plugins: [dedup({ guard: openMemoryGuard() })] })
    let evaluations = 0
    await study.optimize({ space: space({ x: float(0, 1) }), evaluate: () => evaluations++ }, { trials: 20 })
    expect(evaluations).to.equal(20)
    // A function objective draws while it runs: it is neither answered nor an answer.
    await study.optimize(trial => trial.suggestFloat('x', 0, 1) + evaluations++, { trials: 5 })
    expect(evaluations).to.equal(25)
    expect((await study.trials()).filter(trial => trial.reusedFrom !== undefined)).to.deep.equal([])
  })

  it('draws again under resample, for a set that is known and for one that runs', async () => {
    await using study = await createStudy({ seed: 1, plugins: [dedup({ onDuplicate: 'resample' })] })
    const repeated: StudyEvent<'dedup.repeated'>[] = []
    study.events$.subscribe(event => event.type === 'dedup.repeated' && repeated.push(event))
    const seen: number[] = []
    await study.optimize({ space: digits, evaluate: async ({ x }) => seen.push(x) }, { trials: 10, concurrency: 4 })
    expect(seen.toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(repeated.length).to.be.above(0)
    const records = await study.trials()
    for (const { trial, of, policy } of repeated) {
      expect(policy).to.equal('resample')
      expect(of).to.be.below(trial)
      expect(records[of]?.reusedFrom).to.equal(undefined)
    }
  })

  it('draws again under resample instead of a twin in an ask/tell loop', async () => {
    await using study = await createStudy({ seed: 1, plugins: [dedup({ onDuplicate: 'resample' })] })
    const pair = space({ x: int(0, 1) })
    const asked = [await study.ask(pair), await study.ask(pair)]
    expect(asked.map(trial => trial.params.x).toSorted()).to.deep.equal([0, 1])
    expect(asked.map(trial => trial.twin)).to.deep.equal([undefined, undefined])
    expect((await failure(() => study.ask(pair))).code).to.equal('SPACE_EXHAUSTED')
  })

  it('ends a run under resample when nothing is left, and not before: the last of 2,000 sets is found', async () => {
    const wide = space({ x: int(0, 1999) })
    await using study = await createStudy({ seed: 5, sampler: samplers.random(), plugins: [dedup({ onDuplicate: 'resample' })] })
    const summary = await study.optimize({ space: wide, evaluate: ({ x }) => x }, { trials: 3000 })
    expect(summary).to.deep.include({ reason: 'space-exhausted', complete: 2000, reused: 0 })
    // A space that is a function shows its size by what it draws.
    await using conditional = await createStudy({ seed: 5, plugins: [dedup({ onDuplicate: 'resample' })] })
    const branches = space(suggest =>
      suggest.suggestCategorical('kind', ['a', 'b']) === 'a' ? suggest.suggestInt('x', 1, 3) : suggest.suggestInt('y', 1, 5)
    )
    const all = await conditional.optimize({ space: branches, evaluate: x => x }, { trials: 100 })
    expect(all).to.deep.include({ reason: 'space-exhausted', complete: 8 })
  })

  it('ends a repeat as pruned under prune, which is not counted as an evaluation', async () => {
    await using study = await createStudy({ sampler: listed([1, 2, 1]), plugins: [dedup({ onDuplicate: 'prune' })] })
    const summary = await study.optimize({ space: digits, evaluate: ({ x }) => x }, { trials: 3 })
    expect(summary).to.deep.include({ complete: 2, pruned: 1, reused: 1 })
    const repeat = (await study.trials())[2]
    expect(repeat).to.deep.include({ state: 'pruned', reusedFrom: 0, reports: [], values: [] })
    expect(repeat?.systemAttributes[systemKeys.reason]).to.deep.include({ message: 'The params repeat those of trial 0.' })
    // One that runs is a repeat as well.
    const leader = await study.ask(digits)
    expect(leader.params.x).to.equal(1)
    const sampled = await createStudy({ sampler: listed([1]), plugins: [dedup({ onDuplicate: 'prune' })] })
    await sampled.ask(digits)
    expect((await sampled.ask(digits)).answer).to.deep.include({ state: 'pruned', reusedFrom: 0 })
    await sampled.close()
  })

  it('reuses a set that was enqueued twice under every policy but prune, because another draw is the same', async () => {
    for (const onDuplicate of ['reuse', 'resample'] as const) {
      await using study = await createStudy({ plugins: [dedup({ onDuplicate })] })
      await study.enqueue({ x: 7 })
      await study.enqueue({ x: 7 })
      await study.optimize({ space: digits, evaluate: ({ x }) => x }, { trials: 2 })
      expect((await study.trials()).map(trial => [trial.params.x, trial.reusedFrom])).to.deep.equal([
        [7, undefined],
        [7, 0]
      ])
    }
  })

  it('takes a stepped number for what it means, however it was enqueued', async () => {
    await using study = await createStudy({ plugins: [dedup()] })
    const stepped = space({ x: float(0, 1, { step: 0.1 }) })
    for (const x of [0.1 + 0.2, 0.3, 0.30000000000000004]) await study.enqueue({ x })
    let evaluations = 0
    await study.optimize({ space: stepped, evaluate: () => evaluations++ }, { trials: 3 })
    expect(evaluations).to.equal(1)
    expect((await study.trials()).map(trial => trial.reusedFrom)).to.deep.equal([undefined, 0, 0])
  })

  it('never answers from a trial that a run without it evaluated', async () => {
    await using storage = memory()
    const objective = { space: digits, evaluate: ({ x }: { readonly x: number }) => x }
    {
      await using plain = await createStudy({ name: 'study', storage, sampler: listed([1]) })
      await plain.optimize(objective, { trials: 2 })
    }
    await using study = await createStudy({ name: 'study', storage, sampler: listed([1]), plugins: [dedup()] })
    await study.optimize(objective, { trials: 2 })
    expect((await study.trials()).map(trial => trial.reusedFrom)).to.deep.equal([undefined, undefined, undefined, 2])
  })

  it('answers from what another run of the study evaluated, and not when its code or scope was another', async () => {
    await using storage = memory()
    const reused = async (options: Parameters<typeof dedup>[0], version = '1'): Promise<number | undefined> => {
      await using study = await createStudy({ name: 'study', storage, sampler: listed([1]), plugins: [dedup(options)] })
      await study.optimize({ space: digits, evaluate: ({ x }) => x, version }, { trials: 1 })
      return (await study.trials()).at(-1)?.reusedFrom
    }
    expect(await reused({})).to.equal(undefined)
    expect(await reused({})).to.equal(0)
    expect(await reused({}, '2')).to.equal(undefined)
    expect(await reused({ scope: { data: '2014-01-01' } })).to.equal(undefined)
    expect(await reused({ scope: { data: '2014-01-01' } })).to.equal(3)
    expect(await reused({})).to.equal(0)
  })

  it('does not mix studies that share a guard', async () => {
    const guard = openMemoryGuard()
    const objective = { space: digits, evaluate: ({ x }: { readonly x: number }) => x }
    for (const name of ['one', 'two']) {
      await using study = await createStudy({ name, sampler: listed([1]), plugins: [dedup({ guard })] })
      expect(await study.optimize(objective, { trials: 3 })).to.deep.include({ complete: 3, reused: 2 })
    }
  })

  it('counts evaluations for `unique`, whatever the sampler repeats', async () => {
    await using study = await createStudy({ seed: 2, plugins: [dedup()] })
    let evaluations = 0
    const summary = await study.optimize({ space: digits, evaluate: async () => evaluations++ }, { unique: 9, concurrency: 3 })
    expect(evaluations).to.equal(9)
    expect(summary.complete - summary.reused).to.equal(9)
    expect(summary.reused).to.be.above(0)
    expect(new Set((await study.trials()).map(trial => trial.params.x)).size).to.equal(9)
  })

  it('knows a trial by the params that it has in the end, whatever other plugins asked for or changed', async () => {
    const asksAgain: Plugin = {
      name: 'asks-again',
      install: ctx =>
        ctx.intercept('ask', async (call, next) => {
          let result = await next(call)
          for (let attempt = 1; Number(result.params?.x) % 2 === 1; attempt++) result = await next({ ...call, attempt })
          return result
        })
    }
    const halves: Plugin = {
      name: 'halves',
      install: ctx =>
        ctx.intercept('ask', async (call, next) => {
          const { answer, twin, ...result } = await next(call)
          return { ...result, params: { x: Math.floor(Number(result.params?.x) / 2) } }
        })
    }
    for (const plugins of [
      [asksAgain, dedup()],
      [asksAgain, halves, dedup()],
      [halves, asksAgain, dedup()],
      [dedup(), halves, asksAgain]
    ]) {
      await using study = await createStudy({ seed: 4, plugins })
      await study.optimize({ space: digits, evaluate: ({ x }) => square(x) }, { trials: 60, concurrency: 2 })
      const trials = await study.trials()
      for (const { params, value } of trials) expect(value).to.equal(square(Number(params.x)))
    }
  })

  it('gives up what a plugin around it drew and did not take, and answers with what one chose instead', async () => {
    const chooses: Plugin = {
      name: 'chooses',
      install: ctx =>
        ctx.intercept('ask', async (call, next) => {
          if (call.trial > 0) return next(call)
          await next(call)
          return { ...(await next({ ...call, attempt: 1 })), params: { x: 4 } }
        })
    }
    const guard = openMemoryGuard()
    const draws = [7, 8, 4, 8]
    const sampler = { ...listed([]), sample: () => draws.shift() ?? 0 }
    await using study = await createStudy({ name: 'study', sampler, plugins: [chooses, dedup({ guard })] })
    await study.optimize({ space: digits, evaluate: ({ x }) => square(x) }, { trials: 3 })
    expect((await study.trials()).map(({ params, value, reusedFrom }) => [params.x, value, reusedFrom])).to.deep.equal([
      [4, 16, undefined],
      [4, 16, 0],
      [8, 64, undefined]
    ])
    await study.close()
    expect(await guard.count()).to.equal(2)
  })

  it('says who repeats whom, with dedup.repeated', async () => {
    for (const policy of ['reuse', 'prune'] as const) {
      await using study = await createStudy({ sampler: listed([1, 1, 1]), plugins: [dedup({ onDuplicate: policy })] })
      const repeated: unknown[] = []
      study.events$.subscribe(event => event.type === 'dedup.repeated' && repeated.push([event.trial, event.of, event.policy]))
      await study.optimize({ space: digits, evaluate: async ({ x }) => x }, { trials: 3, concurrency: 2 })
      expect(repeated).to.deep.equal([
        [1, 0, policy],
        [2, 0, policy]
      ])
    }
  })

  it('refuses options that are none with a sentence', async () => {
    expect((await failure(() => dedup({ onDuplicate: 'skip' as never }))).message).to.contain("'reuse', 'resample' or 'prune'")
    expect((await failure(() => dedup({ guard: {} as never }))).message).to.contain('`guard`')
  })
})
