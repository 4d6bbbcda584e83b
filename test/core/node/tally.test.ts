import { createStudy, type TrialRecord } from '@rxtuna/core'
import { expect } from 'chai'
import { Tally } from '../../../core/src/node/tally.ts'

describe('a tally of trials', () => {
  it('counts each finished trial once, a reused one as nothing else, and none that still runs', async () => {
    await using study = await createStudy()
    const tell = async (result: Parameters<typeof study.tell>[1]): Promise<TrialRecord> => study.tell(await study.ask(() => ({})), result)
    const records = [
      await tell(1),
      await tell({ state: 'pruned' }),
      await tell({ state: 'failed', error: new Error('no data') }),
      await tell({ state: 'complete', value: [1], reusedFrom: 0 }),
      await tell({ state: 'pruned', reusedFrom: 1 })
    ]
    await study.ask(() => ({}))
    const tally = new Tally(['minimize'])
    for (const record of [...records, ...(await study.trials('running'))]) tally.add(record)
    expect(tally).to.include({ completed: 1, pruned: 1, failed: 1, reused: 2, told: 5 })
  })

  it('knows the best feasible trial of earlier runs, the first of equal ones', async () => {
    await using study = await createStudy()
    const constrained = async (value: number, constraint: number): Promise<TrialRecord> =>
      study.tell(await study.ask(() => ({})), { state: 'complete', value, constraints: { risk: constraint } })
    const records = [await constrained(3, 0), await constrained(1, 0.5), await constrained(2, -1), await constrained(2, 0)]
    const lowest = new Tally(['minimize'])
    const highest = new Tally(['maximize'])
    for (const record of records) {
      lowest.addEarlier(record)
      highest.addEarlier(record)
    }
    expect([lowest.best?.number, highest.best?.number]).to.deep.equal([2, 0])
  })
})
