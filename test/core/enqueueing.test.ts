import { createStudy, float, int, type Params, type ParamValue, type StudyEvent, space } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode } from './rejection.ts'
import { warnings } from './warnings.ts'

const table = { a: int(0, 9), b: float(0, 1) }
const withRate = { ...table, rate: float(0.01, 1, { log: true }) }

describe('enqueued params', () => {
  it('wait in the order in which they came, and are taken before anything new is drawn', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 1, b: 0.1 })
    await study.enqueue({ a: 2, b: 0.2 })
    expect((await study.trials('waiting')).map(({ number, state }) => [number, state])).to.deep.equal([
      [0, 'waiting'],
      [1, 'waiting']
    ])
    expect((await study.ask(space(table))).params).to.deep.equal({ a: 1, b: 0.1 })
    expect((await study.ask(space(table))).params).to.deep.equal({ a: 2, b: 0.2 })
    expect((await study.ask(space(table))).number).to.equal(2)
    expect(await study.trials('waiting')).to.deep.equal([])
    const [first] = await study.trials()
    expect(first?.systemAttributes).to.deep.equal({ fixed_params: { a: 1, b: 0.1 } })
    expect(first?.distributions).to.deep.equal(table)
  })

  it('may be partial: what is fixed stays fixed in every attempt, the rest is drawn', async () => {
    await using study = await createStudy({ seed: 1 })
    await study.enqueue({ a: 3 })
    const seen: unknown[] = []
    const rule = space(table, {
      where: ({ a, b }) => {
        seen.push(a)
        return b > 0.9
      }
    })
    const { params } = await study.ask(rule)
    expect(params.a).to.equal(3)
    expect(params.b).to.be.above(0.9)
    expect(seen.length).to.be.above(1)
    expect(new Set(seen)).to.deep.equal(new Set([3]))
    expect((await study.trials())[0]?.params).to.deep.equal(params)
  })

  it('out of range give one warning, however many attempts the rest takes', async () => {
    await using study = await createStudy({ seed: 1 })
    await study.enqueue({ a: 42 })
    let attempts = 0
    const rule = space(table, { where: ({ b }) => ++attempts > 1 && b > 0.5 })
    const printed = await warnings(() => study.ask(rule))
    expect(attempts).to.be.above(1)
    expect(printed).to.have.lengthOf(1)
  })

  it('may name what the space does not suggest', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 3, other: 'x' })
    expect((await study.ask(space({ a: int(0, 9) }))).params).to.deep.equal({ a: 3 })
  })

  it('reach a function objective too', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 3 })
    const trial = await study.ask()
    expect(trial.suggestInt('a', 0, 9)).to.equal(3)
    expect((await study.tell(trial, 1)).params).to.deep.equal({ a: 3 })
  })

  it('out of range are used all the same, with a warning', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 42, b: 0.5 })
    const printed = await warnings(async () => expect((await study.ask(space(table))).params).to.deep.equal({ a: 42, b: 0.5 }))
    expect(printed.length).to.equal(1)
    expect(printed[0]).to.include('42').and.to.include('"a"').and.to.include('[0, 9]')
    expect((await study.trials())[0]?.params.a).to.equal(42)
  })

  it('on a decimal grid are no reason for a warning, in whichever decimals', async () => {
    await using study = await createStudy()
    for (const x of [0.3, 0.1 + 0.2, 123456789.3]) await study.enqueue({ x })
    const printed = await warnings(async () => {
      for (let i = 0; i < 3; i++) await study.ask(s => s.suggestFloat('x', 0, 1e9, { step: 0.1 }))
    })
    expect(printed).to.deep.equal([])
  })

  it('that are all fixed and forbidden by `where` are told failed, and the ask takes the next', async () => {
    await using study = await createStudy()
    const events: StudyEvent[] = []
    study.events$.subscribe(event => events.push(event))
    await study.enqueue({ a: 1, b: 0.5 })
    await study.enqueue({ a: 2, b: 0.5 })
    const trial = await study.ask(space({ ...table, one: int(1, 1) }, { where: ({ a }) => a !== 1 }))
    expect(trial.number).to.equal(1)
    const [record] = await study.trials()
    expect(record?.state).to.equal('failed')
    expect(record?.systemAttributes['rxtuna:reason']).to.include({ name: 'StudyError', cause: 'invalid' })
    expect(events.map(({ type }) => type)).to.deep.equal(['ask.abandoned', 'trial.failed', 'trial.started'])
  })

  it('of a type that the space cannot take fail their trial and reject the ask', async () => {
    const wrong: Params[] = [{ a: 'x' }, { b: true }, { b: '0.5' }, { a: null }, { rate: 0 }, { rate: -1 }]
    for (const params of wrong) {
      await using study = await createStudy()
      await study.enqueue(params)
      expect(await rejectedCode(study.ask(space(withRate)))).to.equal('PARAM_VALUE')
      expect((await study.trials()).map(({ state }) => state)).to.deep.equal(['failed'])
      expect((await study.ask(space(withRate))).number).to.equal(1)
    }
  })

  it('are cut to whole numbers for an int, with a warning', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 2.5, b: 0.5 })
    const printed = await warnings(async () => expect((await study.ask(space(table))).params).to.deep.equal({ a: 2, b: 0.5 }))
    expect(printed).to.deep.equal(['Trial 0: the fixed value 2.5 of "a" is no value of an int in [0, 9]; 2 is used all the same.'])
    expect((await study.trials())[0]?.params).to.deep.equal({ a: 2, b: 0.5 })
  })

  it('of a choice that there is not fail their trial', async () => {
    await using study = await createStudy()
    await study.enqueue({ kind: 1 })
    expect(await rejectedCode(study.ask(s => s.suggestCategorical('kind', ['1', true])))).to.equal('PARAM_VALUE')
  })

  it('that cannot be stored are refused', async () => {
    await using study = await createStudy()
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, undefined, {}, [1], 1n])
      expect(await rejectedCode(study.enqueue({ a: value as ParamValue }))).to.equal('PARAM_VALUE')
    expect(await rejectedCode(study.enqueue({ 10: 1 }))).to.equal('PARAM_NAME_INTEGER')
    for (const params of [null, undefined, 'x', [1]]) expect(await rejectedCode(study.enqueue(params as never))).to.equal('OPTION')
    expect(await study.trials()).to.deep.equal([])
  })

  it('with skipIfExists are left out when a trial of any state has them, by the measure of Optuna', async () => {
    await using study = await createStudy()
    const skip = { skipIfExists: true }
    await study.enqueue({ a: 1, b: 0.5 })
    await study.enqueue({ b: 0.5 * (1 + 9e-6), a: 1 }, skip)
    expect((await study.trials()).length).to.equal(1)
    const running = await study.ask(space(table))
    await study.enqueue({ a: 1, b: 0.5 }, skip)
    await study.tell(running, { state: 'failed', error: new Error('no') })
    await study.enqueue({ a: 1, b: 0.5 }, skip)
    expect((await study.trials()).length).to.equal(1)
    const others: Params[] = [{ a: 1 }, { a: 1, b: 0.5, c: 1 }, { a: 1, b: 0.50001 }, { a: '1', b: 0.5 }, { a: null, b: 0.5 }]
    for (const params of others) await study.enqueue(params, skip)
    expect((await study.trials('waiting')).length).to.equal(others.length)
    // Python takes True for an int, and no int for a bool.
    await study.enqueue({ a: true, b: 0.5 }, skip)
    expect((await study.trials('waiting')).length).to.equal(others.length)
    await study.enqueue({ c: true })
    await study.enqueue({ c: 1 }, skip)
    expect((await study.trials('waiting')).length).to.equal(others.length + 2)
    await study.enqueue({ a: 1, b: 0.5 })
    expect((await study.trials('waiting')).length).to.equal(others.length + 3)
  })

  it('with skipIfExists are compared with what other trials drew, too', async () => {
    await using study = await createStudy()
    const { params } = await study.ask(space(table))
    await study.enqueue(params, { skipIfExists: true })
    expect(await study.trials('waiting')).to.deep.equal([])
  })

  it('are taken by a run before it draws, and count towards its budgets', async () => {
    await using study = await createStudy()
    await study.enqueue({ a: 1 })
    await study.enqueue({ a: 2 })
    const seen: number[] = []
    const objective = { space: space({ a: int(0, 9) }), evaluate: ({ a }: { readonly a: number }) => seen.push(a) }
    await study.optimize(objective, { trials: 1 })
    expect(seen).to.deep.equal([1])
    // The one that waits has a number below 1, and is taken all the same.
    await study.optimize(objective, { until: 1 })
    expect(seen).to.deep.equal([1, 2])
  })

  it('are refused with options that are not known', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.enqueue({ a: 1 }, { skip_if_exists: true } as never))).to.equal('OPTION_UNKNOWN')
    expect(await study.trials()).to.deep.equal([])
  })
})
