import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStudy, type Study, type StudyOptions, type TrialRecord } from '@rxtuna/core'
import { dedup, openSqliteGuard } from '@rxtuna/dedup'
import { sqlite } from '@rxtuna/rdb-storage'
import { expect } from 'chai'
import { childProcess } from './processes.ts'
import { held, open, shared } from './study-objective.ts'

const root = mkdtempSync(join(tmpdir(), 'rxtuna-sharing-'))

/** The study of a directory, as the processes of these tests open it. */
function opened(directory: string, options: StudyOptions<'minimize'> = {}): Promise<Study<'minimize'>> {
  return createStudy({
    name: 'study',
    seed: 11,
    storage: sqlite(join(directory, 'study.db')),
    plugins: [dedup({ guard: () => openSqliteGuard({ path: join(directory, 'guard.db') }) })],
    ...options
  })
}

function started(study: Study<'minimize'>): Promise<number> {
  return new Promise(resolve => {
    study.events$.subscribe(event => event.type === 'trial.started' && resolve(event.trial))
  })
}

const told = (records: readonly TrialRecord[]): unknown =>
  records.map(({ number, state, value, params, reusedFrom }) => ({ number, state, value, params, reusedFrom }))

describe('processes that share a study and a guard', function () {
  this.timeout(60_000)
  const fresh = (): string => mkdtempSync(join(root, 'study-'))
  after(() => rmSync(root, { recursive: true }))

  it('evaluate each of twelve sets once between them, whatever both draw', async () => {
    const directory = fresh()
    await using one = childProcess(new URL('./study-process.ts', import.meta.url), 'run', directory, '50')
    await using two = childProcess(new URL('./study-process.ts', import.meta.url), 'run', directory, '50')
    await Promise.all([one.said('ready'), two.said('ready')])
    one.tell('go')
    two.tell('go')
    await Promise.all([one.ended(), two.ended()])
    const evaluated = [...one.lines, ...two.lines].filter(line => line.startsWith('evaluated'))
    expect(new Set(evaluated).size).to.equal(12)
    expect(evaluated).to.have.length(12)
    await using study = await opened(directory)
    const records = await study.trials()
    expect(records).to.have.length(100)
    for (const { state, reusedFrom, params, value } of records) {
      expect(state).to.equal('complete')
      if (reusedFrom !== undefined) expect(records[reusedFrom]).to.deep.include({ params, value })
      if (reusedFrom !== undefined) expect(records[reusedFrom]).not.to.have.property('reusedFrom')
    }
  })

  it('wait for a twin of another process, and take its outcome over when it is told', async () => {
    const directory = fresh()
    await using other = childProcess(new URL('./study-process.ts', import.meta.url), 'hold', directory)
    await other.said('evaluating 0')
    await using study = await opened(directory)
    const following = started(study)
    const run = study.optimize(held, { trials: 1 })
    expect(await following).to.equal(1)
    other.tell('open')
    expect(await run).to.deep.include({ complete: 1, reused: 1 })
    expect((await study.trials())[1]).to.deep.include({ value: 5, reusedFrom: 0 })
  })

  it('stop waiting for a twin of another process when their run is aborted', async () => {
    const directory = fresh()
    await using other = childProcess(new URL('./study-process.ts', import.meta.url), 'hold', directory)
    await other.said('evaluating 0')
    await using study = await opened(directory)
    const following = started(study)
    const abort = new AbortController()
    const run = study.optimize(held, { trials: 1, signal: abort.signal })
    await following
    abort.abort(new Error('enough'))
    expect(await run.catch((error: Error) => error.message)).to.equal('enough')
    expect((await study.trials())[1]).to.have.property('state', 'failed')
  })

  it('say in ask that a twin runs in another process, and that it was evaluated there', async () => {
    const directory = fresh()
    await using study = await opened(directory)
    const { space } = held
    await using other = await opened(directory)
    const leader = await study.ask(space)
    expect((await other.ask(space)).twin).to.equal(0)
    await study.tell(leader, 5)
    expect((await other.ask(space)).answer).to.deep.include({ value: [5], reusedFrom: 0 })
  })

  it('take over what a killed process evaluated: who waits does, and its own trial is answered', async () => {
    const directory = fresh()
    await using other = childProcess(new URL('./study-process.ts', import.meta.url), 'hold', directory)
    await other.said('evaluating 0')
    await using study = await opened(directory)
    const following = started(study)
    const run = study.optimize(held, { trials: 1 })
    await following
    await other.kill()
    open()
    expect(await run).to.deep.include({ complete: 1, reused: 0 })
    // The trial that the dead process left is the next that is asked for.
    expect(await study.optimize(held, { trials: 1 })).to.deep.include({ complete: 1, reused: 1 })
    expect(told(await study.trials())).to.deep.equal([
      { number: 0, state: 'complete', value: 5, params: { x: 5 }, reusedFrom: 1 },
      { number: 1, state: 'complete', value: 5, params: { x: 5 }, reusedFrom: undefined }
    ])
  })

  it('do not evaluate again what one told before it was killed, although the guard was not told', async () => {
    const directory = fresh()
    await using study = await opened(directory)
    // What this process knows of the study, it has read before the other one begins.
    await study.tell(await study.ask(shared.space), 1)
    await using other = childProcess(new URL('./study-process.ts', import.meta.url), 'told', directory)
    other.tell('go')
    await other.ended().catch(() => undefined)
    expect(await study.optimize(held, { trials: 1 })).to.deep.include({ complete: 1, reused: 1 })
    expect((await study.trials()).at(-1)).to.deep.include({ number: 2, reusedFrom: 1 })
    await using guard = await openSqliteGuard({ path: join(directory, 'guard.db') })
    expect(await guard.count()).to.equal(2)
  })

  it('resume a deterministic run that was killed, and end as the one that was not', async () => {
    const whole = fresh()
    await using uninterrupted = await opened(whole)
    await uninterrupted.optimize(shared, { until: 40, concurrency: 4, deterministic: true })
    const expected = told(await uninterrupted.trials())
    for (const moment of [1, 6, 23]) {
      const directory = fresh()
      await using child = childProcess(new URL('./study-process.ts', import.meta.url), 'deterministic', directory, String(moment))
      await child.ended().catch(() => undefined)
      await using study = await opened(directory)
      expect(await study.trials('complete')).to.have.length(moment)
      await study.optimize(shared, { until: 40, concurrency: 4, deterministic: true })
      expect(told(await study.trials()), `killed after ${moment}`).to.deep.equal(expected)
    }
  })
})
