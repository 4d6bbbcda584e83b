import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { TrialRecord } from '@rxtuna/core'
import { expect } from 'chai'
import type { Moment } from './die-at.ts'
import { run, runWell, start, temporaryDirectory } from './program.ts'
import { databasePath, type Repeatable, repeatableAt, trialsAt, trialsIn } from './study-at.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)
const trials = 100
const args = ['--trials', String(trials)]
const cacheFiles = (cwd: string, ending: string): readonly string[] =>
  readdirSync(join(cwd, '.rxtuna', 'cache')).filter(name => name.endsWith(ending))

describe(`npm start, killed with kill -9 (RXTUNA_TEST_SEED=${seed})`, function () {
  this.timeout(60_000)
  const random = generator(seed)
  const between = (low: number, high: number): number => low + Math.floor(random() * (high - low + 1))
  let whole: readonly Repeatable[]
  let wholeMs: number

  before('one run that nothing stops', async () => {
    using directory = temporaryDirectory()
    await using program = start({ cwd: directory.path, args })
    await program.said(/ start /)
    const began = performance.now()
    await program.ended
    wholeMs = performance.now() - began
    whole = await repeatableAt(directory.path)
    expect(whole).to.have.lengthOf(trials)
  })

  /** Starts it again in the same way, and checks that it ends as if it had never been killed. */
  const goOn = async (cwd: string): Promise<void> => {
    const found = await trialsLeftAt(cwd)
    const finished = found.filter(({ state }) => state !== 'running')
    await runWell({ cwd, args })
    const now = await trialsAt(cwd)
    for (const trial of finished) expect(now[trial.number], `trial ${trial.number}, finished before the kill`).to.deep.equal(trial)
    expect(now.filter(({ state }) => state === 'running' || state === 'waiting')).to.deep.equal([])
    const repeated = await repeatableAt(cwd)
    for (const trial of whole) expect(repeated[trial.number], `trial ${trial.number}`).to.deep.equal(trial)
    expect(repeated).to.have.lengthOf(trials)
    console.log(`      ${finished.length} finished and ${found.length - finished.length} running trials were found`)
  }
  const dieAt = async (cwd: string, moment: Moment): Promise<void> => {
    const { signal, stderr } = await run({
      cwd,
      args,
      preload: new URL('./die-at.ts', import.meta.url),
      env: { RXTUNA_TEST_DIE_AT: JSON.stringify(moment) }
    })
    expect(signal, stderr).to.equal('SIGKILL')
  }

  it('before the first write, begins', async () => {
    using directory = temporaryDirectory()
    await dieAt(directory.path, { at: 'mkdir' })
    expect(readdirSync(directory.path)).to.deep.equal([])
    await goOn(directory.path)
  })

  it('before the first transaction is committed, begins', async () => {
    using directory = temporaryDirectory()
    await dieAt(directory.path, { at: 'commit', when: 'before', count: 1 })
    expect(await trialsLeftAt(directory.path)).to.deep.equal([])
    await goOn(directory.path)
  })

  for (const when of ['before', 'after'] as const)
    it(`just ${when} the rename of the Parquet file, goes on, and leaves no half-written file`, async () => {
      using directory = temporaryDirectory()
      const cwd = directory.path
      await dieAt(cwd, { at: 'rename', when })
      expect([cacheFiles(cwd, '.tmp').length, cacheFiles(cwd, '.parquet').length]).to.deep.equal(when === 'before' ? [1, 0] : [0, 1])
      await goOn(cwd)
      expect([cacheFiles(cwd, '.tmp').length, cacheFiles(cwd, '.parquet').length]).to.deep.equal([0, 1])
    })

  for (const when of ['before', 'after'] as const) {
    const count = between(10, 2 * trials)
    it(`just ${when} transaction ${count} is committed, goes on and loses nothing`, async () => {
      using directory = temporaryDirectory()
      await dieAt(directory.path, { at: 'commit', when, count })
      await goOn(directory.path)
    })
  }

  for (const share of [random(), random(), random()])
    it(`after ${(100 * share).toFixed(0)} % of the time that its trials take, goes on and loses nothing`, async () => {
      using directory = temporaryDirectory()
      await using program = start({ cwd: directory.path, args })
      await program.said(/ start /)
      const timer = setTimeout(() => program.kill('SIGKILL'), share * wholeMs)
      await program.ended
      clearTimeout(timer)
      await goOn(directory.path)
    })

  const repeatedly = Array.from({ length: 5 }, () => ({ count: between(10, 60), when: random() < 0.5 ? 'before' : 'after' }) as const)
  it('again and again, goes on each time and loses nothing', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    const finished = new Map<number, TrialRecord>()
    for (const moment of repeatedly) {
      await dieAt(cwd, { at: 'commit', ...moment })
      const found = await trialsLeftAt(cwd)
      for (const [number, trial] of finished) expect(found[number], `trial ${number}`).to.deep.equal(trial)
      for (const trial of found) if (trial.state !== 'running') finished.set(trial.number, trial)
    }
    console.log(`      killed ${repeatedly.map(({ when, count }) => `${when} transaction ${count}`).join(', ')}`)
    await goOn(cwd)
  })
})

/** What the killed program left, read from a copy, so that the next start finds it as it was. */
async function trialsLeftAt(cwd: string): Promise<readonly TrialRecord[]> {
  if (!existsSync(join(cwd, databasePath))) return []
  using copy = temporaryDirectory()
  mkdirSync(join(copy.path, '.rxtuna'))
  for (const suffix of ['', '-wal'])
    if (existsSync(join(cwd, databasePath + suffix))) cpSync(join(cwd, databasePath + suffix), join(copy.path, databasePath + suffix))
  return await trialsIn(join(copy.path, databasePath))
}

/** Uniform numbers in [0, 1) from a seed. */
function generator(from: number): () => number {
  let state = from >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
