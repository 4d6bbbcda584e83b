import { createStudy, float, memory, type StudyEvent, type Suggest, space } from '@rxtuna/core'
import { expect } from 'chai'

describe('the best trial', () => {
  it('is the lowest when minimizing, the highest when maximizing, and the earliest of equal ones', async () => {
    for (const [direction, best] of [
      ['minimize', 1],
      ['maximize', 2]
    ] as const) {
      await using study = await createStudy({ direction })
      for (const value of [3, 1, 5, 1, 5]) await study.tell(await study.ask(), value)
      expect((await study.best())?.number).to.equal(best)
    }
  })

  it('is never a pruned, failed, running or infeasible one', async () => {
    await using study = await createStudy()
    const infeasible = await study.ask()
    infeasible.setConstraint('a', -5)
    infeasible.setConstraint('b', 1e-9)
    await study.tell(infeasible, -100)
    const pruned = await study.ask()
    pruned.report(-100, 0)
    await study.tell(pruned, { state: 'pruned' })
    await study.tell(await study.ask(), { state: 'failed', error: new Error('no') })
    await study.ask()
    expect(await study.best()).to.equal(undefined)
    const feasible = await study.ask()
    feasible.setConstraint('a', 0)
    await study.tell(feasible, 7)
    expect((await study.best())?.number).to.equal(feasible.number)
  })

  it('is announced when it improves, not when it is equalled', async () => {
    await using study = await createStudy({ direction: 'maximize' })
    const improved: number[] = []
    study.events$.subscribe(event => {
      if (event.type === 'study.improved') improved.push(event.record.number)
    })
    for (const value of [1, 1, 0, 2, 2, 3]) await study.tell(await study.ask(), value)
    expect(improved).to.deep.equal([0, 3, 5])
  })

  it('is not announced anew by a study that was opened again', async () => {
    const storage = memory()
    {
      await using study = await createStudy({ name: 's', storage })
      await study.tell(await study.ask(), 1)
    }
    await using study = await createStudy({ name: 's', storage })
    const events: StudyEvent['type'][] = []
    study.events$.subscribe(({ type }) => events.push(type))
    await study.tell(await study.ask(), 2)
    await study.tell(await study.ask(), 0)
    expect(events).to.deep.equal(['trial.started', 'trial.completed', 'trial.started', 'trial.completed', 'study.improved'])
  })

  it('of several objectives is the front of feasible trials that none dominates', async () => {
    await using study = await createStudy({ direction: ['minimize', 'maximize'] })
    const improved: number[] = []
    study.events$.subscribe(event => {
      if (event.type === 'study.improved') improved.push(event.record.number)
    })
    const told: readonly (readonly [readonly [number, number], number])[] = [
      [[5, 5], 0],
      [[6, 4], 0],
      [[4, 4], 0],
      [[0, 9], 1],
      [[4, 6], 0],
      [[4, 6], 0],
      [[9, 9], 0]
    ]
    for (const [values, violation] of told) {
      const trial = await study.ask()
      trial.setConstraint('c', violation)
      await study.tell(trial, [...values])
    }
    expect((await study.best()).map(({ number }) => number)).to.deep.equal([4, 5, 6])
    expect(improved).to.deep.equal([0, 2, 4, 5, 6])
  })

  it('comes with a summary, its params as the space returns them', async () => {
    await using study = await createStudy({ seed: 1 })
    const shaped = space(s => ({ rate: { value: s.suggestFloat('rate', 0, 1) } }))
    const { best, complete } = await study.optimize({ space: shaped, evaluate: ({ rate }) => rate.value }, { trials: 5 })
    const record = await study.best()
    expect(complete).to.equal(5)
    expect(best?.params.rate.value).to.equal(record?.value)
    expect(record?.params).to.deep.equal({ rate: record?.value })
    expect(best).to.deep.include({ number: record?.number, value: record?.value })
  })

  it('of the summary is the best of the study, not of the run', async () => {
    await using study = await createStudy()
    const table = space({ x: float(0, 1) })
    await study.enqueue({ x: 0 })
    await study.optimize({ space: table, evaluate: ({ x }) => x }, { trials: 1 })
    const { best } = await study.optimize({ space: table, evaluate: ({ x }) => 1 + x }, { trials: 3 })
    expect(best).to.deep.include({ number: 0, params: { x: 0 } })
    const none = await study.optimize({ space: table, evaluate: () => 1 }, { trials: 0 })
    expect(none.best?.number).to.equal(0)
  })

  it('that a space does not take any more comes with its params as they are stored', async () => {
    await using study = await createStudy()
    await study.optimize({ space: s => s.suggestInt('x', 7, 7), evaluate: () => 1 }, { trials: 1 })
    const shorter = ['one', 'two']
    const changed = { space: (s: Suggest) => (shorter[s.suggestInt('x', 0, 1)] as string).length, evaluate: () => 2 }
    const { best, complete } = await study.optimize(changed, { trials: 1 })
    expect(complete).to.equal(1)
    expect(best).to.deep.include({ number: 0, value: 1, params: { x: 7 } })
  })

  it('never shows a param that it was not evaluated with', async () => {
    await using study = await createStudy()
    await study.optimize({ space: s => ({ x: s.suggestInt('x', 3, 4) }), evaluate: () => 1 }, { trials: 1 })
    const wider = { space: (s: Suggest) => ({ x: s.suggestInt('x', 3, 4), y: s.suggestFloat('y', 0, 1) }), evaluate: () => 2 }
    const { best } = await study.optimize(wider, { trials: 1 })
    expect(best?.number).to.equal(0)
    expect(best?.params).to.have.all.keys('x')
  })

  it('of a function objective has its params as they were suggested', async () => {
    await using study = await createStudy({ direction: 'maximize' })
    const { best } = await study.optimize(trial => trial.suggestInt('n', 3, 3), { trials: 2 })
    expect(best?.params).to.deep.equal({ n: 3 })
  })
})

describe("a study's trials", () => {
  it('are listed by state in the order of numbers, and streamed one at a time', async () => {
    await using study = await createStudy()
    await study.tell(await study.ask(), 1)
    await study.ask()
    await study.enqueue({ x: 1 })
    await study.tell(await study.ask(), { state: 'pruned' })
    await study.enqueue({ x: 2 })
    const states = ['complete', 'running', 'pruned', 'waiting']
    expect((await study.trials()).map(({ state }) => state)).to.deep.equal(states)
    const streamed: string[] = []
    for await (const { state } of study.stream()) streamed.push(state)
    expect(streamed).to.deep.equal(states)
    for (const state of ['complete', 'running', 'pruned', 'waiting', 'failed'] as const)
      expect((await study.trials(state)).length).to.equal(state === 'failed' ? 0 : 1)
  })

  it('are streamed whole, however many there are', async () => {
    const storage = memory()
    await storage.open({ name: 's', directions: ['minimize'] }, 'load')
    for (let i = 0; i < 2500; i++) await storage.create('s', { state: 'running', end: { outcome: { state: 'complete', value: [i] } } })
    await using study = await createStudy({ name: 's', storage })
    const numbers: number[] = []
    for await (const { number } of study.stream()) numbers.push(number)
    expect(numbers).to.deep.equal(Array.from({ length: 2500 }, (_, i) => i))
    expect((await study.best())?.value).to.equal(0)
  })
})
