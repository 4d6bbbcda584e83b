import { createStudy, int, type Study, space } from '@rxtuna/core'
import { dedup } from '@rxtuna/dedup'
import { expect } from 'chai'
import { Gates, listed } from './gates.ts'
import { watchedGuard } from './watched-guard.ts'

const digits = space({ x: int(0, 9) })

/** What became of each trial: its state, its value or nothing, and whose outcome it took over. */
async function ends(study: Study): Promise<readonly (readonly unknown[])[]> {
  return (await study.trials()).map(({ state, value, reusedFrom }) => [state, value, reusedFrom])
}

/** Resolves when the numbers up to `count - 1` have been started. */
function started(study: Study, count: number): Promise<void> {
  return new Promise(resolve => {
    study.events$.subscribe(event => event.type === 'trial.started' && event.trial === count - 1 && resolve())
  })
}

describe('a trial whose twin is running', () => {
  it('waits for it in optimize and takes its outcome over', async () => {
    const gates = new Gates()
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const all = started(study, 4)
    const run = study.optimize({ space: digits, evaluate: (_, trial) => gates.pass(trial.number) }, { trials: 4, concurrency: 4 })
    await all
    gates.open(0, 42)
    expect(await run).to.deep.include({ complete: 4, reused: 3 })
    expect(gates.arrived).to.deep.equal([0])
    expect(await ends(study)).to.deep.equal([
      ['complete', 42, undefined],
      ['complete', 42, 0],
      ['complete', 42, 0],
      ['complete', 42, 0]
    ])
  })

  it('takes its place when it fails: the waiting trial with the lowest number evaluates, the others wait for that one', async () => {
    const gates = new Gates()
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const all = started(study, 4)
    const objective = { space: digits, evaluate: (_: unknown, trial: { readonly number: number }) => gates.pass(trial.number) }
    const run = study.optimize(objective, { trials: 4, concurrency: 4, onError: 'continue' })
    await all
    gates.fail(0, new Error('no prices'))
    await gates.arrival(1)
    gates.fail(1, new Error('no prices'))
    await gates.arrival(2)
    gates.open(2, 5)
    expect(await run).to.deep.include({ complete: 2, failed: 2, reused: 1 })
    expect(gates.arrived).to.deep.equal([0, 1, 2])
    expect(await ends(study)).to.deep.equal([
      ['failed', undefined, undefined],
      ['failed', undefined, undefined],
      ['complete', 5, undefined],
      ['complete', 5, 2]
    ])
  })

  it('takes its place before any later ask, even while the guard is slow', async () => {
    const gates = new Gates()
    const watch = watchedGuard()
    const slow = Promise.withResolvers<void>()
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup({ guard: watch.guard })] })
    const two = started(study, 2)
    const three = started(study, 3)
    const objective = { space: digits, evaluate: (_: unknown, trial: { readonly number: number }) => gates.pass(trial.number) }
    const run = study.optimize(objective, { trials: 3, concurrency: 2, onError: 'continue', deterministic: true })
    await two
    watch.before = (method, [, by]) => (method === 'claim' && (by as { trial: number }).trial === 1 ? slow.promise : undefined)
    gates.fail(0, new Error('no prices'))
    await three
    slow.resolve()
    await gates.arrival(1)
    gates.open(1, 5)
    expect(await run).to.deep.include({ complete: 2, failed: 1, reused: 1 })
    expect(gates.arrived).to.deep.equal([0, 1])
    expect((await study.trials())[2]).to.deep.include({ reusedFrom: 1 })
  })

  it('holds no claim while it waits, and its waiting is not part of trialTimeout', async () => {
    const gates = new Gates()
    const watch = watchedGuard()
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup({ guard: watch.guard })] })
    const two = started(study, 2)
    const objective = { space: digits, evaluate: (_: unknown, trial: { readonly number: number }) => gates.pass(trial.number) }
    const run = study.optimize(objective, { trials: 2, concurrency: 2, trialTimeout: 40, onError: 'continue' })
    await two
    expect(await watch.guard.count()).to.equal(1)
    // The leader times out and the follower takes over, with all of its own time before it.
    await gates.arrival(1)
    gates.open(1, 5)
    expect(await run).to.deep.include({ complete: 1, failed: 1 })
    expect(await ends(study)).to.deep.equal([
      ['failed', undefined, undefined],
      ['complete', 5, undefined]
    ])
  })

  it('leaves when the run is aborted, and is told failed like its twin', async () => {
    const gates = new Gates()
    const abort = new AbortController()
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const three = started(study, 3)
    const objective = { space: digits, evaluate: (_: unknown, trial: { readonly number: number }) => gates.pass(trial.number) }
    const run = study.optimize(objective, { trials: 3, concurrency: 3, signal: abort.signal })
    await three
    abort.abort(new Error('enough'))
    expect(await run.catch((error: unknown) => error)).to.have.property('message', 'enough')
    for (const trial of await study.trials()) {
      expect(trial.state).to.equal('failed')
      expect(trial.systemAttributes['rxtuna:reason']).to.deep.include({ message: 'enough', cause: 'aborted' })
    }
    expect(gates.arrived).to.deep.equal([0])
  })

  it('keeps nobody waiting in an ask/tell loop: when it fails, who asks next evaluates', async () => {
    await using study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const leader = await study.ask(digits)
    expect((await study.ask(digits)).twin).to.equal(0)
    await study.tell(leader, { state: 'failed', error: new Error('no prices') })
    const next = await study.ask(digits)
    expect([next.answer, next.twin]).to.deep.equal([undefined, undefined])
    expect((await study.ask(digits)).twin).to.equal(2)
  })

  it('ends with the study when its twin is never told', async () => {
    const gates = new Gates()
    const study = await createStudy({ sampler: listed([1]), plugins: [dedup()] })
    const two = started(study, 2)
    const objective = { space: digits, evaluate: (_: unknown, trial: { readonly number: number }) => gates.pass(trial.number) }
    const run = study.optimize(objective, { trials: 2, concurrency: 2 }).catch((error: unknown) => error)
    await two
    await study.close()
    expect(await run).to.have.property('code', 'STUDY_CLOSED')
  })
})
