import { createStudy, int, memory, type StudyOptions, space, type TrialRecord } from '@rxtuna/core'
import { type DedupOptions, dedup } from '@rxtuna/dedup'
import { expect } from 'chai'

const grid = space({ x: int(0, 5), y: int(0, 4) }, { where: ({ x, y }) => x !== y })

/** A number from 0 to below `range` that belongs to a trial and a run. */
function noise(seed: number, number: number, range: number): number {
  let state = Math.imul(seed ^ 0x9e3779b9, number + 1)
  state = Math.imul(state ^ (state >>> 15), 0x85ebca6b)
  return ((state ^ (state >>> 13)) >>> 0) % range
}

interface Plan {
  readonly options: StudyOptions<'minimize'>
  readonly policy: DedupOptions['onDuplicate']
  readonly lanes: number
  readonly until: number
  /** Trials end in an order that only this decides. */
  readonly scramble: number
}

/** Runs, and ends each trial after a number of turns of the event loop that its plan decides. */
async function run({ options, policy = 'reuse', lanes, until, scramble }: Plan): Promise<readonly TrialRecord[]> {
  await using study = await createStudy({ name: 'study', seed: 7, ...options, plugins: [dedup({ onDuplicate: policy })] })
  const evaluate = async ({ x, y }: { readonly x: number; readonly y: number }, trial: { readonly number: number }): Promise<number> => {
    for (let turn = noise(scramble, trial.number, 12); turn > 0; turn--) await new Promise(resolve => setImmediate(resolve))
    if ((x + y) % 4 === 3 && trial.number % 3 > 0) throw new Error('no prices')
    return x * y
  }
  await study.optimize({ space: grid, evaluate }, { until, concurrency: lanes, deterministic: true, onError: 'continue' })
  return study.trials()
}

const told = (records: readonly TrialRecord[]): unknown =>
  records.map(({ number, state, value, params, reusedFrom }) => ({ number, state, value, params, reusedFrom }))

for (const policy of ['reuse', 'resample', 'prune'] as const)
  describe(`a deterministic run under ${policy}`, function () {
    this.timeout(20_000)
    const until = policy === 'resample' ? 22 : 60
    for (const lanes of [1, 4, 16]) {
      it(`repeats exactly with ${lanes === 1 ? 'one lane' : `${lanes} lanes`}, whatever finishes first`, async () => {
        const plan = { options: {}, policy, lanes, until }
        const first = told(await run({ ...plan, scramble: 1 }))
        for (const scramble of [2, 3, 4]) expect(told(await run({ ...plan, scramble }))).to.deep.equal(first)
      })

      it(`that was stopped and resumed is the one that was not, with ${lanes === 1 ? 'one lane' : `${lanes} lanes`}`, async () => {
        const plan = { policy, lanes }
        const whole = told(await run({ ...plan, options: {}, until, scramble: 1 }))
        for (const stop of [1, 5, 17]) {
          await using storage = memory()
          await run({ ...plan, options: { storage }, until: stop, scramble: 2 })
          expect(told(await run({ ...plan, options: { storage }, until, scramble: 3 })), `stopped at ${stop}`).to.deep.equal(whole)
        }
      })
    }

    it('reuses, fails and takes over, so that there is something to repeat', async () => {
      const records = await run({ options: {}, policy, lanes: 4, until, scramble: 1 })
      expect(records.some(record => record.state === 'failed')).to.equal(true)
      expect(records.some(record => record.reusedFrom !== undefined)).to.equal(policy !== 'resample')
      for (const { reusedFrom, params, value } of records) {
        if (reusedFrom === undefined) continue
        const source = records[reusedFrom]
        expect(source?.params).to.deep.equal(params)
        if (policy === 'reuse') expect(source).to.deep.include({ state: 'complete', value })
      }
    })
  })
