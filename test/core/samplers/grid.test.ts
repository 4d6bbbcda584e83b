import { categorical, createStudy, float, int, memory, paramKey, type SpaceTable, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, thrownCode } from '../rejection.ts'
import { watched } from '../watched-storage.ts'

const table = { x: float(0, 0.3, { step: 0.1 }), n: int(1, 5, { step: 2 }), kind: categorical(['a', 'b', null]) } satisfies SpaceTable
const points = 4 * 3 * 3

describe('the grid sampler', () => {
  it('tries every point once, and then ends the run as space-exhausted', async () => {
    await using study = await createStudy({ sampler: samplers.grid(table) })
    const { reason, complete } = await study.optimize({ space: space(table), evaluate: ({ x }) => x })
    expect(reason).to.equal('space-exhausted')
    expect(complete).to.equal(points)
    const keys = (await study.trials()).map(({ params }) => paramKey(params))
    expect(new Set(keys).size).to.equal(points)
    expect(keys).to.include('{"kind":null,"n":5,"x":0.3}')
  })

  it('rejects an ask with SPACE_EXHAUSTED when nothing is left', async () => {
    await using study = await createStudy({ sampler: samplers.grid({ n: int(1, 2) }) })
    for (let i = 0; i < 2; i++) await study.ask(space({ n: int(1, 2) }))
    expect(await rejectedCode(study.ask(space({ n: int(1, 2) })))).to.equal('SPACE_EXHAUSTED')
    expect((await study.trials()).length).to.equal(2)
  })

  it('tries every point with several lanes, and with a function objective', async () => {
    await using lanes = await createStudy({ sampler: samplers.grid(table) })
    await lanes.optimize({ space: space(table), evaluate: async ({ n }) => n }, { concurrency: 7 })
    expect(new Set((await lanes.trials()).map(({ params }) => paramKey(params))).size).to.equal(points)
    await using run = await createStudy({ sampler: samplers.grid({ n: int(0, 3) }) })
    await run.optimize(trial => trial.suggestInt('n', 0, 3))
    expect((await run.trials()).map(({ value }) => value).sort()).to.deep.equal([0, 1, 2, 3])
  })

  it('passes over what `where` forbids', async () => {
    await using study = await createStudy({ sampler: samplers.grid({ a: int(0, 5), b: int(0, 5) }) })
    const upper = space({ a: int(0, 5), b: int(0, 5) }, { where: ({ a, b }) => a < b })
    const { reason, complete } = await study.optimize({ space: upper, evaluate: ({ a }) => a })
    expect({ reason, complete }).to.deep.equal({ reason: 'space-exhausted', complete: 15 })
  })

  it('goes on in a resumed study where it stopped, draw for draw', async () => {
    const run = async (parts: readonly number[]): Promise<string[]> => {
      const storage = memory()
      for (const trials of parts) {
        await using study = await createStudy({ name: 'grid', storage, seed: 1, sampler: samplers.grid(table) })
        await study.optimize({ space: space(table), evaluate: ({ x }) => x }, { trials })
      }
      await using study = await createStudy({ name: 'grid', storage })
      return (await study.trials()).map(({ params }) => paramKey(params))
    }
    const whole = await run([points])
    expect(await run([5, 1, points])).to.deep.equal(whole)
  })

  it('finds a point with a step that is not a binary fraction again, far from zero', async () => {
    const far = { x: float(1e8, 1e8 + 1, { step: 0.1 }) }
    await using study = await createStudy({ sampler: samplers.grid(far) })
    await study.optimize({ space: space(far), evaluate: ({ x }) => x })
    expect(new Set((await study.trials()).map(({ params }) => params.x)).size).to.equal(11)
  })

  it('holds no state: one object serves two studies, and both begin with the same point', async () => {
    const sampler = samplers.grid(table)
    await using first = await createStudy({ sampler })
    await using second = await createStudy({ sampler })
    const one = await first.ask(space(table))
    const two = await second.ask(space(table))
    expect(two.params).to.deep.equal(one.params)
  })

  it('offers a point again when its trial could not be stored', async () => {
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage, sampler: samplers.grid({ n: int(1, 1), m: int(0, 1) }) })
    const both = space({ n: int(1, 1), m: int(0, 1) })
    const failure = new Error('disk full')
    let failing = true
    watch.before = method => {
      if (failing && method === 'create') throw failure
    }
    for (let i = 0; i < 3; i++) expect(await rejectedCode(study.ask(both))).to.equal(failure)
    failing = false
    const seen = [(await study.ask(both)).params.m, (await study.ask(both)).params.m]
    expect(seen.sort()).to.deep.equal([0, 1])
  })

  it('still tries the points that an enqueued trial did not', async () => {
    const small = { a: int(0, 2), b: int(0, 2) }
    await using study = await createStudy({ sampler: samplers.grid(small) })
    await study.enqueue({ a: 1 })
    await study.enqueue({ a: 2, b: 2 })
    await study.optimize({ space: space(small), evaluate: ({ a }) => a })
    expect(new Set((await study.trials()).map(({ params }) => paramKey(params))).size).to.equal(9)
  })

  it('refuses a float without a step, an empty table, and more points than can be counted', () => {
    expect(thrownCode(() => samplers.grid({ x: float(0, 1) }))).to.equal('OPTION')
    expect(thrownCode(() => samplers.grid({}))).to.equal('OPTION')
    expect(thrownCode(() => samplers.grid({ x: int(0, 1e6), y: int(0, 1e6) }))).to.equal('OPTION')
  })
})
