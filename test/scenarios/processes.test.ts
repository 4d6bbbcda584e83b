import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { paramKey, type TrialRecord } from 'rxtuna'
import type { Told } from './processes-process.ts'
import { temporaryDirectory } from './program.ts'

const until = 150

describe('three processes on one SQLite study, with TPE and dedup', function () {
  this.timeout(60_000)
  let told: readonly Told[]
  let views: readonly (readonly TrialRecord[])[]
  let trials: readonly TrialRecord[]

  before('they optimize until the study has 150 trials', async () => {
    using directory = temporaryDirectory()
    const children = Array.from({ length: 3 }, () => begun(directory.path))
    const ended = Promise.all(children.map(child => once(child, 'close')))
    try {
      await answers(children)
      told = (await answers(children, 'go')) as readonly Told[]
      views = (await answers(children, 'show')) as readonly (readonly TrialRecord[])[]
      trials = views[0] ?? []
      expect((await ended).map(([code]) => code)).to.deep.equal([0, 0, 0])
    } finally {
      for (const child of children) child.kill('SIGKILL')
      await ended
    }
    const counts = told.map(({ started, abandoned }) => `${started.length} trials and ${abandoned.length} lost races`)
    console.log(`      ${counts.join(', ')}; ${trials.filter(({ reusedFrom }) => reusedFrom !== undefined).length} reused`)
  })

  it('make exactly that many, numbered without gaps, each begun by one of them and ended', () => {
    expect(trials.map(({ number }) => number)).to.deep.equal(Array.from({ length: until }, (_, number) => number))
    expect(new Set(trials.map(({ state }) => state))).to.deep.equal(new Set(['complete']))
    const started = told.flatMap(({ started }) => started)
    expect(started.toSorted((a, b) => a - b)).to.deep.equal(trials.map(({ number }) => number))
    for (const { started } of told) expect(started.length).to.be.greaterThan(0)
  })

  it('read the same trials at the end', () => {
    for (const view of views) expect(view).to.deep.equal(trials)
  })

  it('evaluate no set twice, and reuse what another one evaluated', () => {
    const evaluated = told.flatMap(({ evaluated }) => evaluated)
    expect(new Set(evaluated).size).to.equal(evaluated.length)
    expect(new Set(trials.map(({ params }) => paramKey(params))).size).to.equal(evaluated.length)
    const by = (number: number): number => told.findIndex(({ started }) => started.includes(number))
    const foreign = trials.filter(({ number, reusedFrom }) => reusedFrom !== undefined && by(number) !== by(reusedFrom))
    expect(foreign.length).to.be.greaterThan(0)
    for (const { params, values, reusedFrom } of trials)
      if (reusedFrom !== undefined) expect(trials[reusedFrom]).to.deep.include({ params, values })
  })

  it('show their samplers what the others have finished, and what they have under way', () => {
    for (const { started, last } of told) {
      const own = new Set(started)
      const known = new Set([...last.finished, ...last.running])
      // Every trial that there was when the last one was drawn.
      for (let number = 0; number < last.trial; number++) expect(known.has(number), `trial ${number} for ${last.trial}`).to.equal(true)
      expect(last.finished.filter(number => !own.has(number)).length).to.be.greaterThan(0)
      // No more of the others' can have been under way than they have lanes.
      expect(last.running.filter(number => !own.has(number)).length).to.be.at.most(4)
    }
  })

  it('lose races for a number, and then draw for one of their own', () => {
    const lost = told.flatMap(({ abandoned }) => abandoned)
    expect(lost.length).to.be.greaterThan(0)
    for (const { started, abandoned } of told) for (const number of abandoned) expect(started).to.not.include(number)
    for (const { params } of trials) expect(Object.keys(params)).to.deep.equal(['x', 'n', 'side'])
  })
})

function begun(directory: string): ChildProcess {
  const script = fileURLToPath(new URL('./processes-process.ts', import.meta.url))
  return spawn(process.execPath, ['--conditions=@rxtuna/source', script, directory, `${until}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc']
  })
}

/** Says a word to all, if one is given, and resolves with what each sends next; rejects when one ends without. */
async function answers(children: readonly ChildProcess[], word?: string): Promise<readonly unknown[]> {
  const next = Promise.all(
    children.map(async child => {
      const gone = once(child, 'close').then(() => [undefined])
      const [message] = await Promise.race([once(child, 'message'), gone])
      if (message === undefined) throw new Error('Expected the process to answer, got its end.')
      return message
    })
  )
  if (word !== undefined) for (const child of children) child.send(word)
  return await next
}
