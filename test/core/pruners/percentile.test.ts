import { createStudy, type Direction, pruners } from '@rxtuna/core'
import { expect } from 'chai'
import { thrownCode } from '../rejection.ts'

/** Whether a trial that reports `value` at step 0 is pruned, after trials that reported the others there. */
async function isPruned(
  pruner: ReturnType<typeof pruners.percentile>,
  others: readonly number[],
  value: number,
  direction: Direction = 'minimize'
): Promise<boolean> {
  await using study = await createStudy({ pruner, direction })
  for (const other of others) {
    const trial = await study.ask()
    trial.report(other, 0)
    await study.tell(trial, other)
  }
  const trial = await study.ask()
  trial.report(value, 0)
  return trial.shouldPrune()
}
const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

describe('the percentile pruner', () => {
  it('keeps the best share of a hundred, in either direction', async () => {
    const best = pruners.percentile(30, { startupTrials: 1 })
    expect(await isPruned(best, ten, 3)).to.equal(false)
    expect(await isPruned(best, ten, 3.001)).to.equal(true)
    expect(await isPruned(best, ten, 7, 'maximize')).to.equal(false)
    expect(await isPruned(best, ten, 6.999, 'maximize')).to.equal(true)
  })

  it('of 0 keeps what is at least as good as the best, of 100 what is as good as the worst', async () => {
    expect(await isPruned(pruners.percentile(0), ten, 0)).to.equal(false)
    expect(await isPruned(pruners.percentile(0), ten, 0.001)).to.equal(true)
    expect(await isPruned(pruners.percentile(100), ten, 10)).to.equal(false)
    expect(await isPruned(pruners.percentile(100), ten, 10.001)).to.equal(true)
  })

  it('of 50 is the median pruner', async () => {
    for (const value of [4.9, 5, 5.1])
      expect(await isPruned(pruners.percentile(50), ten, value)).to.equal(await isPruned(pruners.median(), ten, value))
  })

  it('waits until enough trials have reported a step', async () => {
    expect(await isPruned(pruners.percentile(50, { startupTrials: 1, minTrials: 4 }), [1, 2, 3], 9)).to.equal(false)
    expect(await isPruned(pruners.percentile(50, { startupTrials: 1, minTrials: 3 }), [1, 2, 3], 9)).to.equal(true)
    expect(await isPruned(pruners.median({ startupTrials: 1, minTrials: 4 }), [1, 2, 3], 9)).to.equal(false)
  })

  it('refuses a share that is none, and options that are no counts', () => {
    for (const percent of [-1, 100.5, Number.NaN]) expect(thrownCode(() => pruners.percentile(percent))).to.equal('OPTION')
    expect(thrownCode(() => pruners.percentile(50, { minTrials: 0 }))).to.equal('OPTION')
  })
})
