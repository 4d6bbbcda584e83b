import { createStudy, type Direction, type Plugin, pruners, type Report, type Study } from '@rxtuna/core'
import { expect } from 'chai'
import { thrownCode } from '../rejection.ts'

type Options = Parameters<typeof pruners.median>[0]
interface Setting {
  readonly options?: Options
  readonly direction?: Direction
  /** What each complete trial before reported, from step 0 on. */
  readonly before: readonly (readonly number[])[]
  readonly plugins?: readonly Plugin[]
}

async function studyAfter({
  options = { startupTrials: 1 },
  direction = 'minimize',
  before,
  plugins = []
}: Setting): Promise<Study<Direction>> {
  const study = await createStudy({ pruner: pruners.median(options), direction, plugins })
  for (const reports of before) {
    const trial = await study.ask()
    for (const [step, value] of reports.entries()) trial.report(value, step)
    await study.tell(trial, 0)
  }
  return study
}

/** What the pruner says after each of the reports. */
async function decisions(setting: Setting, reports: readonly Report[]): Promise<boolean[]> {
  await using study = await studyAfter(setting)
  const trial = await study.ask()
  return reports.map(({ step, value }) => {
    trial.report(value, step)
    return trial.shouldPrune()
  })
}
const at = (...values: readonly number[]): Report[] => values.map((value, step) => ({ step, value }))

describe('the median pruner', () => {
  it('prunes what is worse than the median at its step, and keeps what equals it', async () => {
    const before = [[1], [2], [3]]
    expect(await decisions({ before }, at(2.001))).to.deep.equal([true])
    expect(await decisions({ before }, at(2))).to.deep.equal([false])
    expect(await decisions({ before, direction: 'maximize' }, at(1.999))).to.deep.equal([true])
    expect(await decisions({ before, direction: 'maximize' }, at(2))).to.deep.equal([false])
  })

  it('takes the mean of the two middle ones for an even count', async () => {
    const before = [[1], [2], [10], [4]]
    expect(await decisions({ before }, at(3.1))).to.deep.equal([true])
    expect(await decisions({ before }, at(2.9))).to.deep.equal([false])
  })

  it('judges a trial by its best report so far, the others by theirs at this step', async () => {
    const before = [[5, 5]]
    expect(await decisions({ before }, at(1, 100))).to.deep.equal([false, false])
    expect(await decisions({ before, direction: 'maximize' }, at(9, 0))).to.deep.equal([false, false])
    expect(await decisions({ before }, at(9, 8))).to.deep.equal([true, true])
  })

  it('waits for five complete trials unless told otherwise', async () => {
    const four = { options: {}, before: [[1], [1], [1], [1]] }
    expect(await decisions(four, at(9))).to.deep.equal([false])
    expect(await decisions({ ...four, before: [...four.before, [1]] }, at(9))).to.deep.equal([true])
    expect(await decisions({ options: { startupTrials: 0 }, before: [] }, at(9))).to.deep.equal([false])
  })

  it('counts neither pruned nor failed nor running trials as startup trials', async () => {
    await using study = await studyAfter({ options: { startupTrials: 2 }, before: [[1]] })
    for (const outcome of [{ state: 'pruned' }, { state: 'failed', error: new Error('x') }] as const) {
      const trial = await study.ask()
      trial.report(1, 0)
      await study.tell(trial, outcome)
    }
    const running = await study.ask()
    running.report(1, 0)
    const trial = await study.ask()
    trial.report(9, 0)
    expect(trial.shouldPrune()).to.equal(false)
    await study.tell(running, 1)
    expect(trial.shouldPrune()).to.equal(true)
  })

  it('leaves the steps of the warm-up alone', async () => {
    const setting = { options: { startupTrials: 1, warmupSteps: 2 }, before: [[1, 1, 1, 1]] }
    expect(await decisions(setting, at(9, 9, 9, 9))).to.deep.equal([false, false, true, true])
  })

  it('decides once per interval, counted from the end of the warm-up, whichever steps are reported', async () => {
    const long = [new Array<number>(12).fill(1)]
    const options = { startupTrials: 1, warmupSteps: 1, interval: 3 }
    expect(await decisions({ options, before: long }, at(9, 9, 9, 9, 9, 9, 9, 9))).to.deep.equal([
      false,
      true,
      false,
      false,
      true,
      false,
      false,
      true
    ])
    // Steps 3 and 6 are the first of their intervals that are reported.
    const sparse = [0, 3, 6, 6, 9].map(step => ({ step, value: 9 }))
    expect(await decisions({ options, before: long }, sparse)).to.deep.equal([false, true, true, true, true])
  })

  it('prunes a trial that reported nothing but NaN, and leaves NaN out otherwise', async () => {
    expect(await decisions({ before: [[1]] }, at(Number.NaN))).to.deep.equal([true])
    expect(await decisions({ before: [[1, 1]] }, at(0, Number.NaN))).to.deep.equal([false, false])
    expect(await decisions({ before: [[Number.NaN], [1], [3]] }, at(2.5))).to.deep.equal([true])
    expect(await decisions({ before: [[Number.NaN]] }, at(5))).to.deep.equal([false])
  })

  it('keeps a trial at a step that nobody reported before, and one that reported nothing', async () => {
    expect(await decisions({ before: [[1]] }, at(0, 9))).to.deep.equal([false, false])
    await using study = await studyAfter({ before: [[1]] })
    expect((await study.ask()).shouldPrune()).to.equal(false)
  })

  it('knows infinities', async () => {
    const { POSITIVE_INFINITY: inf } = Number
    expect(await decisions({ before: [[inf], [inf]] }, at(inf))).to.deep.equal([false])
    expect(await decisions({ before: [[1], [1]] }, at(inf))).to.deep.equal([true])
  })

  it('ignores trials that were not evaluated', async () => {
    let known = false
    const answering: Plugin = {
      name: 'answering',
      install: ctx =>
        ctx.intercept('ask', async (call, next) => {
          const result = await next(call)
          if (!known) return result
          return { ...result, answer: { state: 'complete', value: [0], reports: [{ step: 0, value: -9 }], reusedFrom: 0 } }
        })
    }
    await using study = await studyAfter({ options: { startupTrials: 2 }, before: [[1]], plugins: [answering] })
    known = true
    for (let i = 0; i < 3; i++) {
      const trial = await study.ask()
      await study.tell(trial, trial.answer ?? expect.fail('expected an answer'))
    }
    known = false
    const reused = (await study.trials()).at(-1)
    expect(reused?.reusedFrom).to.equal(0)
    expect(reused?.reports).to.deep.equal([{ step: 0, value: -9 }])
    const trial = await study.ask()
    trial.report(9, 0)
    // One evaluated trial of the two that it waits for.
    expect(trial.shouldPrune()).to.equal(false)
    await study.tell(await study.ask(), 0)
    expect(trial.shouldPrune()).to.equal(true)
    const good = await study.ask()
    good.report(0, 0)
    // Worse than what was reused, better than what was evaluated.
    expect(good.shouldPrune()).to.equal(false)
  })

  it('refuses options that are no counts', () => {
    for (const options of [{ startupTrials: -1 }, { warmupSteps: 0.5 }, { interval: 0 }, { interval: Number.NaN }] as Options[])
      expect(thrownCode(() => pruners.median(options))).to.equal('OPTION')
  })
})

describe('no pruner', () => {
  it('prunes nothing', async () => {
    await using study = await createStudy({ pruner: pruners.none() })
    for (let i = 0; i < 10; i++) {
      const trial = await study.ask()
      trial.report(i, 0)
      expect(trial.shouldPrune()).to.equal(false)
      await study.tell(trial, 0)
    }
  })
})
