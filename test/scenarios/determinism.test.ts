import { expect } from 'chai'
import { categorical, float, int, memory, pruners, type Sampler, samplers } from 'rxtuna'
import { cutSeed, cuts, killed } from './determinism-kills.ts'
import { type Repeatable, run, type Setting, total } from './determinism-run.ts'
import type { Moment } from './die-at.ts'

const repetitions = 10

describe(`a deterministic study of 300 trials (RXTUNA_TEST_SEED=${cutSeed})`, function () {
  this.timeout(60_000)

  for (const lanes of [1, 4, 16])
    describe(`with ${lanes === 1 ? 'one lane' : `${lanes} lanes`}`, () => {
      const random = cuts(`lanes ${lanes}`)
      let whole: readonly Repeatable[]
      before(async () => {
        whole = await run({ lanes, order: 1 })
      })

      it('has trials of every kind: complete, pruned, failed, reused and enqueued', () => {
        expect(whole).to.have.lengthOf(total)
        expect(new Set(whole.map(({ state }) => state))).to.deep.equal(new Set(['complete', 'pruned', 'failed']))
        const reused = whole.filter(({ reusedFrom }) => reusedFrom !== undefined)
        expect(reused.length).to.be.within(20, 200)
        expect(new Set(reused.map(({ state }) => state))).to.deep.equal(new Set(['complete', 'pruned']))
        expect(whole[2]).to.deep.include({ params: { x: 1, y: 4, side: 'a' }, reusedFrom: 0 })
        expect(whole[3]).to.deep.include({ state: 'failed', params: {} })
      })

      it('is the same in ten runs, whatever finishes first', async () => {
        for (let order = 2; order <= repetitions; order++) expect(await run({ lanes, order }), `order ${order}`).to.deep.equal(whole)
      })

      const stops = [random.int(1, 500), random.int(1, 300), random.int(1, 100)]
      it(`that was stopped after ${stops.join(', then ')} waits and resumed is the one that was not`, async () => {
        expect(await stopped({ lanes, order: 20 }, stops)).to.deep.equal(whole)
      })

      const moments: readonly Moment[] = [
        { at: 'commit', when: 'after', count: random.int(2, 700) },
        { at: 'commit', when: 'before', count: random.int(2, 300) }
      ]
      it(`that was killed ${moments.map(said).join(', then ')}, and resumed, is the one that was not`, async () => {
        expect(await killed({ lanes, order: 30 }, moments)).to.deep.equal(whole)
      })
    })

  const table = { x: float(0, 2, { step: 0.1 }), y: int(0, 8), side: categorical(['a', 'b']) }
  const others: Readonly<Record<string, () => Omit<Setting, 'lanes' | 'order'>>> = {
    'a function objective, which draws while it runs': () => ({ objective: 'function' }),
    'grid search': () => ({ sampler: samplers.grid(table) }),
    'random search': () => ({ sampler: samplers.random() }),
    'univariate TPE without the constant liar': () => ({ sampler: samplers.tpe({ multivariate: false, constantLiar: false }) }),
    'the percentile pruner': () => ({ pruner: pruners.percentile(25, { startupTrials: 3 }) }),
    'another draw in place of a duplicate': () => ({ onDuplicate: 'resample' }),
    'duplicates pruned': () => ({ onDuplicate: 'prune' })
  }
  for (const [what, setting] of Object.entries(others))
    it(`with ${what} is the same in every run, and when it is stopped and resumed`, async () => {
      const random = cuts(what)
      const lanes = 8
      const whole = await run({ lanes, order: 1, ...setting() })
      expect(whole).to.have.lengthOf(total)
      for (const order of [2, 3]) expect(await run({ lanes, order, ...setting() })).to.deep.equal(whole)
      const stops = Array.from({ length: 12 }, () => random.int(1, 100))
      expect(await stopped({ lanes, order: 4, ...setting() }, stops), `stopped after ${stops.join(', ')}`).to.deep.equal(whole)
    })

  it('is another one with another seed, another number of lanes or another sampler', async () => {
    const whole = await run({ lanes: 4, order: 1 })
    const sampler: Sampler = samplers.random()
    for (const other of [{ seed: 24 }, { lanes: 3 }, { sampler }])
      expect(await run({ lanes: 4, order: 1, ...other })).to.not.deep.equal(whole)
  })
})

/** Stops the study so often, each time in a study object of its own, and goes on with it to its end. */
async function stopped(setting: Setting, stops: readonly number[]): Promise<readonly Repeatable[]> {
  const storage = memory()
  for (const [index, stopAfter] of stops.entries()) await run({ ...setting, storage, order: setting.order + index, stopAfter })
  return await run({ ...setting, storage, order: setting.order + stops.length })
}

function said(moment: Moment): string {
  return moment.at === 'commit' ? `${moment.when} transaction ${moment.count}` : moment.at
}
