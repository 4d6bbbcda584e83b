import { inspect } from 'node:util'
import { createStudy, int, type Json, type Study, space, type TrialChange } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, rejection, thrownCode } from './rejection.ts'
import { type WatchedStorage, watched } from './watched-storage.ts'

async function opened(): Promise<
  { readonly study: Study<'minimize'>; readonly watch: WatchedStorage; readonly changes: TrialChange[] } & AsyncDisposable
> {
  const watch = watched()
  const changes: TrialChange[] = []
  watch.before = (method, args) => {
    if (method === 'update') changes.push(args[2] as TrialChange)
  }
  const study = await createStudy({ storage: watch.storage })
  return { study, watch, changes, [Symbol.asyncDispose]: () => study.close() }
}
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a live trial', () => {
  it('stores what it reports in the background, while it runs', async () => {
    await using opening = await opened()
    const { study, changes } = opening
    const trial = await study.ask()
    trial.report(1, 0)
    trial.setAttribute('a', 'b')
    trial.setConstraint('c', 0)
    expect(changes).to.deep.equal([])
    await turn()
    expect(changes.length).to.equal(1)
    const [record] = await study.trials()
    expect(record).to.deep.include({
      state: 'running',
      reports: [{ step: 0, value: 1 }],
      attributes: { a: 'b' },
      constraints: { c: 0 }
    })
  })

  it('has one write under way at a time; what comes meanwhile goes into the next', async () => {
    await using opening = await opened()
    const { study, watch, changes } = opening
    const trial = await study.ask()
    const gates: (() => void)[] = []
    watch.before = (method, args) => {
      if (method !== 'update') return
      changes.push(args[2] as TrialChange)
      return new Promise(resolve => gates.push(resolve))
    }
    trial.report(0, 0)
    await turn()
    for (let step = 1; step <= 5; step++) {
      trial.report(step, step)
      await turn()
    }
    expect(changes.map(({ reports }) => reports?.length)).to.deep.equal([1])
    gates[0]?.()
    await turn()
    expect(changes.map(({ reports }) => reports?.length)).to.deep.equal([1, 5])
    const telling = study.tell(trial, 1)
    await turn()
    expect(watch.calls).to.not.include('finish')
    gates[1]?.()
    expect((await telling).reports.length).to.equal(6)
  })

  it('of an objective that never yields is stored in one call, with its end', async () => {
    await using opening = await opened()
    const { study, watch } = opening
    watch.calls.length = 0
    await study.optimize(
      trial => {
        for (let step = 0; step < 50; step++) trial.report(trial.suggestFloat('x', 0, 1), step)
        trial.setAttribute('a', 1)
        trial.setConstraint('c', -1)
        return 1
      },
      { trials: 1 }
    )
    expect(watch.calls.filter(call => call !== 'read')).to.deep.equal(['take', 'create', 'finish'])
    const [record] = await study.trials()
    expect(record?.reports.length).to.equal(50)
    expect(record).to.deep.include({ attributes: { a: 1 }, constraints: { c: -1 } })
  })

  it('stores params that were drawn late with the next write', async () => {
    await using opening = await opened()
    const { study, changes } = opening
    const trial = await study.ask()
    const x = trial.suggestFloat('x', 0, 1)
    await turn()
    expect(changes).to.deep.equal([])
    trial.report(1, 0)
    await turn()
    expect(changes[0]?.params).to.deep.equal({ x })
    const y = trial.suggestInt('y', 0, 9)
    expect((await study.tell(trial, 1)).params).to.deep.equal({ x, y })
  })

  it('lets the first report of a step stand, wherever it came from', async () => {
    for (const yields of [false, true]) {
      await using opening = await opened()
      const { study } = opening
      const trial = await study.ask()
      trial.report(1, 3)
      if (yields) await turn()
      trial.report(2, 3)
      trial.report(5, 0)
      const outcome = {
        state: 'complete',
        value: 0,
        reports: [
          { step: 3, value: 9 },
          { step: 4, value: 7 }
        ]
      } as const
      expect((await study.tell(trial, outcome)).reports).to.deep.equal([
        { step: 3, value: 1 },
        { step: 0, value: 5 },
        { step: 4, value: 7 }
      ])
    }
  })

  it('emits a report at once, and only the first of a step', async () => {
    await using study = await createStudy()
    const seen: unknown[] = []
    study.events$.subscribe(event => {
      if (event.type === 'trial.reported') seen.push([event.trial, event.step, event.value])
    })
    const trial = await study.ask()
    trial.report(1, 0)
    expect(seen).to.deep.equal([[0, 0, 1]])
    trial.report(2, 0)
    trial.report(3, 1)
    expect(seen).to.deep.equal([
      [0, 0, 1],
      [0, 1, 3]
    ])
  })

  it('lets the first value of a constraint stand, and the last of an attribute', async () => {
    for (const yields of [false, true]) {
      await using opening = await opened()
      const { study } = opening
      const trial = await study.ask()
      trial.setConstraint('c', 1)
      trial.setAttribute('a', 1)
      if (yields) await turn()
      trial.setConstraint('c', -1)
      trial.setAttribute('a', 2)
      const record = await study.tell(trial, { state: 'complete', value: 0, constraints: { c: -2, d: 3 } })
      expect(record.constraints).to.deep.equal({ c: 1, d: 3 })
      expect(record.attributes).to.deep.equal({ a: 2 })
    }
  })

  it('keeps an attribute as it was when it was set, and so does the study', async () => {
    await using study = await createStudy()
    const curve = [1]
    const trial = await study.ask()
    trial.setAttribute('curve', curve)
    await study.setAttribute('curve', curve)
    curve.push(2)
    expect((await study.tell(trial, 1)).attributes).to.deep.equal({ curve: [1] })
    expect(study.attributes).to.deep.equal({ curve: [1] })
  })

  it('whose write failed stays running: tell rejects once with the error, then stores all of it', async () => {
    await using opening = await opened()
    const { study, watch } = opening
    const failure = new Error('disk full')
    const trial = await study.ask()
    const x = trial.suggestFloat('x', 0, 1)
    watch.before = method => {
      if (method === 'update') throw failure
    }
    trial.report(1, 0)
    trial.setConstraint('c', 1)
    await turn()
    watch.before = () => {}
    trial.report(2, 1)
    await turn()
    expect(await rejection(study.tell(trial, 1))).to.equal(failure)
    expect((await study.trials())[0]?.state).to.equal('running')
    const record = await study.tell(trial, 1)
    expect(record).to.deep.include({ params: { x }, constraints: { c: 1 } })
    expect(record.reports).to.deep.equal([
      { step: 0, value: 1 },
      { step: 1, value: 2 }
    ])
  })

  it('whose write failed ends its run with the error', async () => {
    await using opening = await opened()
    const { study, watch } = opening
    const failure = new Error('disk full')
    watch.before = method => {
      if (method === 'update') throw failure
    }
    const run = study.optimize(
      async trial => {
        trial.report(1, 0)
        await turn()
        return 1
      },
      { onError: 'continue' }
    )
    expect(await rejection(run)).to.equal(failure)
    expect((await study.trials()).map(({ state }) => state)).to.deep.equal(['running'])
  })

  it('refuses what it cannot report', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    for (const value of ['1', undefined, null, 1n] as unknown[])
      expect(thrownCode(() => trial.report(value as number, 0))).to.equal('REPORT_VALUE')
    for (const step of [-1, 0.5, Number.NaN, '0', undefined] as unknown[])
      expect(thrownCode(() => trial.report(1, step as number))).to.equal('REPORT_STEP')
    for (const value of [undefined, 1n, () => 1, Symbol('s'), new Date(0), new Map(), [undefined], { a: () => 1 }] as unknown[])
      expect(thrownCode(() => trial.setAttribute('a', value as Json))).to.equal('ATTRIBUTE_VALUE')
    const circle: Record<string, unknown> = {}
    circle.list = [circle]
    expect(thrownCode(() => trial.setAttribute('a', circle as Json))).to.equal('ATTRIBUTE_VALUE')
    const shared = { a: 1 }
    const other = await study.ask()
    other.setAttribute('a', [shared, shared])
    for (const value of [Number.NaN, '0', undefined] as unknown[])
      expect(thrownCode(() => trial.setConstraint('c', value as number))).to.equal('CONSTRAINT_VALUE')
    expect(await rejectedCode(study.setAttribute('a', undefined as unknown as Json))).to.equal('ATTRIBUTE_VALUE')
    expect(await study.tell(trial, 1)).to.deep.include({ reports: [], attributes: {}, constraints: {} })
  })

  it('of a study with several objectives refuses reports and pruning', async () => {
    await using study = await createStudy({ direction: ['minimize', 'minimize'] })
    const trial = await study.ask()
    expect(thrownCode(() => trial.report(1, 0))).to.equal('REPORT_DIRECTIONS')
    expect(thrownCode(() => trial.shouldPrune())).to.equal('REPORT_DIRECTIONS')
  })

  it('refuses everything after it was told', async () => {
    await using study = await createStudy()
    const trial = await study.ask()
    await study.tell(trial, 1)
    const late = [
      () => trial.report(1, 0),
      () => trial.shouldPrune(),
      () => trial.setAttribute('a', 1),
      () => trial.setConstraint('c', 1),
      () => trial.suggestFloat('x', 0, 1)
    ]
    for (const call of late) expect(thrownCode(call), String(call)).to.equal('TRIAL_OVER')
  })

  it('refuses what comes while its end is stored, and takes it again when that failed', async () => {
    await using parts = await opened()
    const { study, watch } = parts
    const trial = await study.ask()
    const events: string[] = []
    study.events$.subscribe(({ type }) => events.push(type))
    const failure = new Error('full')
    watch.before = method => {
      if (method !== 'finish') return
      expect(thrownCode(() => trial.report(1, 0))).to.equal('TRIAL_OVER')
      expect(thrownCode(() => trial.setAttribute('a', 1))).to.equal('TRIAL_OVER')
      throw failure
    }
    expect(await rejection(study.tell(trial, 1))).to.equal(failure)
    watch.before = () => {}
    trial.report(2, 0)
    expect((await study.tell(trial, 1)).reports).to.deep.equal([{ step: 0, value: 2 }])
    expect(events).to.deep.equal(['trial.reported', 'trial.completed', 'study.improved'])
  })

  it('asks the pruner with its own reports, and stores what the pruner decides to store', async () => {
    const seen: unknown[] = []
    await using study = await createStudy({
      pruner: {
        name: 'noting',
        shouldPrune: ({ number, reports }, history) => {
          seen.push([number, reports.length, history.trial])
          return { prune: reports.length > 1, systemAttributes: { rung: reports.length } }
        }
      }
    })
    const trial = await study.ask()
    trial.report(1, 0)
    expect(trial.shouldPrune()).to.equal(false)
    trial.report(1, 1)
    expect(trial.shouldPrune()).to.equal(true)
    expect(seen).to.deep.equal([
      [0, 1, 0],
      [0, 2, 0]
    ])
    expect((await study.tell(trial, { state: 'pruned' })).systemAttributes).to.deep.equal({ rung: 2 })
  })

  it('whose pruner throws fails', async () => {
    const pruner = {
      name: 'broken',
      shouldPrune: () => {
        throw new Error('no')
      }
    }
    await using study = await createStudy({ pruner })
    const { failed } = await study.optimize(trial => (trial.shouldPrune() ? 1 : 2), { trials: 1, onError: 'continue' })
    expect(failed).to.equal(1)
  })

  it('is printed as its number and its params', async () => {
    await using study = await createStudy({ seed: 1 })
    const trial = await study.ask(space({ x: int(3, 3) }))
    expect(inspect(trial)).to.equal('{ number: 0, params: { x: 3 } }')
  })
})
