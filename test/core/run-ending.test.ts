import { createStudy, ofType, type Plugin, pruners } from '@rxtuna/core'
import { expect } from 'chai'
import { take } from 'rxjs'
import { rejectedCode, rejection, thrownCode } from './rejection.ts'
import { watched } from './watched-storage.ts'

const forever = new Promise<never>(() => {})

describe('a run', () => {
  it('that is ended by stop() lets the trials in flight finish', async () => {
    await using study = await createStudy()
    const gates: ((value: number) => void)[] = []
    const run = study.optimize(
      () =>
        new Promise<number>(resolve => {
          gates.push(resolve)
          if (gates.length === 3) {
            study.stop()
            for (const open of gates) open(1)
          }
        }),
      { concurrency: 3 }
    )
    expect(await run).to.deep.include({ reason: 'stopped', complete: 3, failed: 0 })
    expect((await study.optimize(() => 1, { trials: 1 })).reason).to.equal('trials')
  })

  it('hears stop() and close() from whoever is told that it has started', async () => {
    await using study = await createStudy()
    const stopping = study.events$.pipe(ofType('study.started')).subscribe(() => study.stop())
    expect(await study.optimize(() => 1)).to.deep.include({ reason: 'stopped', complete: 0 })
    stopping.unsubscribe()
    let second: Promise<unknown> | undefined
    study.events$.pipe(ofType('study.started'), take(1)).subscribe(() => {
      second = rejectedCode(study.optimize(() => 1))
      void study.close()
    })
    expect(await rejectedCode(study.optimize(() => 1))).to.equal('STUDY_CLOSED')
    expect(await second).to.equal('OPTIMIZE_RUNNING')
  })

  it('that is ended by its time limit lets the trials in flight finish', async () => {
    await using study = await createStudy()
    const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
    const summary = await study.optimize(
      async () => {
        await turn()
        return 1
      },
      { timeout: 5, concurrency: 2 }
    )
    expect(summary.reason).to.equal('timeout')
    expect(summary.failed).to.equal(0)
    expect((await study.trials()).every(({ state }) => state === 'complete')).to.equal(true)
  })

  for (const deterministic of [false, true])
    it(`whose trials never wait can be ended from outside all the same${deterministic ? ', also a deterministic one' : ''}`, async () => {
      await using study = await createStudy({ pruner: pruners.none() })
      const timer = setTimeout(() => study.stop(), 1)
      // Far more than fit into the time; without a turn for others they would all run.
      const { reason } = await study.optimize(() => 1, { trials: 50_000, deterministic })
      clearTimeout(timer)
      expect(reason).to.equal('stopped')
    })

  it('of one lane begins no other trial after stop() or an abort', async () => {
    const busy = (): number => {
      const end = performance.now() + 2
      while (performance.now() < end);
      return 1
    }
    for (const how of ['stop', 'abort'] as const) {
      await using study = await createStudy()
      const controller = new AbortController()
      let ended = -1
      let begun = 0
      study.events$.pipe(ofType('trial.started')).subscribe(() => begun++)
      const timer = setTimeout(() => {
        ended = begun
        if (how === 'stop') study.stop()
        else controller.abort('enough')
      }, 20)
      await study.optimize(busy, { signal: controller.signal, trials: 1_000 }).catch(() => undefined)
      clearTimeout(timer)
      expect(ended).to.be.within(1, 999)
      expect(begun).to.equal(ended)
    }
  })

  it('takes a time limit that is longer than any timer for one that never comes', async () => {
    await using study = await createStudy()
    const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 1))
    const objective = async (): Promise<number> => {
      for (let i = 0; i < 3; i++) await turn()
      return 1
    }
    const summary = await study.optimize(objective, { timeout: Number.POSITIVE_INFINITY, trialTimeout: 2 ** 40, trials: 3 })
    expect(summary).to.deep.include({ reason: 'trials', complete: 3 })
  })

  it('tells a trial that hangs failed at its `trialTimeout`, and goes on', async () => {
    await using study = await createStudy()
    const late: unknown[] = []
    const hung = Promise.withResolvers<number>()
    const summary = await study.optimize(
      trial => {
        if (trial.number !== 1) return 1
        trial.report(1, 0)
        trial.signal.addEventListener('abort', () => late.push(trial.signal.reason))
        setImmediate(() => late.push(trial))
        return hung.promise
      },
      { trials: 4, trialTimeout: 3 }
    )
    expect(summary).to.deep.include({ reason: 'trials', complete: 3, failed: 1 })
    const record = (await study.trials())[1]
    expect(record).to.deep.include({ state: 'failed', reports: [{ step: 0, value: 1 }] })
    expect(record?.systemAttributes['rxtuna:reason']).to.include({ cause: 'timeout' })
    expect(late[1]).to.include({ code: 'TIMED_OUT' })
    const trial = late[0] as { report(value: number, step: number): void }
    expect(thrownCode(() => trial.report(2, 1))).to.equal('TRIAL_OVER')
    // What its promise still does is ignored.
    hung.reject(new Error('too late'))
    await new Promise(resolve => setImmediate(resolve))
    expect((await study.trials())[1]).to.deep.equal(record)
  })

  it('whose plugin evaluates a timed-out trial again still says that its time was up', async () => {
    const retry: Plugin = {
      name: 'retry',
      install: ctx =>
        ctx.intercept('evaluate', async (call, next) => {
          await next(call)
          return next(call)
        })
    }
    await using study = await createStudy({ plugins: [retry] })
    await study.optimize(() => forever, { trials: 1, trialTimeout: 1 })
    expect((await study.trials())[0]?.systemAttributes['rxtuna:reason']).to.have.property('cause', 'timeout')
  })

  it('does not end by a trial that timed out, even if errors end it', async () => {
    await using study = await createStudy()
    const summary = await study.optimize(trial => (trial.number === 0 ? forever : 1), { trials: 2, trialTimeout: 1, onError: 'throw' })
    expect(summary).to.deep.include({ complete: 1, failed: 1 })
  })

  it('aborted by a signal tells its trials failed as aborted, and rejects with the reason after they settled', async () => {
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage })
    const controller = new AbortController()
    const reason = new Error('enough')
    const signals: AbortSignal[] = []
    const run = study.optimize(
      trial => {
        signals.push(trial.signal)
        if (signals.length === 3) controller.abort(reason)
        return forever
      },
      { concurrency: 3, signal: controller.signal }
    )
    expect(await rejection(run)).to.equal(reason)
    const failed = await study.trials('failed')
    expect(failed.length).to.equal(3)
    expect((await study.trials()).length).to.equal(3)
    for (const { systemAttributes } of failed)
      expect(systemAttributes['rxtuna:reason']).to.deep.equal({ name: 'Error', message: 'enough', cause: 'aborted' })
    for (const signal of signals) expect(signal.reason).to.equal(reason)
  })

  it('aborted before it begins rejects and asks nothing', async () => {
    await using study = await createStudy()
    expect(await rejection(study.optimize(() => 1, { signal: AbortSignal.abort('no') }))).to.equal('no')
    expect(await study.trials()).to.deep.equal([])
    expect((await study.optimize(() => 1, { trials: 1 })).complete).to.equal(1)
  })

  it('aborted, or closed, in the turn in which it was begun ends at once', async () => {
    await using study = await createStudy()
    const controller = new AbortController()
    const run = study.optimize(() => forever, { signal: controller.signal })
    controller.abort('at once')
    expect(await rejection(run)).to.equal('at once')
    const second = rejectedCode(study.optimize(() => forever))
    await study.close()
    expect(await second).to.equal('STUDY_CLOSED')
  })

  it('aborted while it asks tells the new trial failed too', async () => {
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage })
    const controller = new AbortController()
    watch.before = method => {
      if (method === 'create') controller.abort('now')
    }
    let evaluated = 0
    expect(await rejection(study.optimize(() => ++evaluated, { signal: controller.signal }))).to.equal('now')
    expect(evaluated).to.equal(0)
    expect((await study.trials()).map(({ state }) => state)).to.deep.equal(['failed'])
  })

  it('leaves no listener on a signal that outlives it', async () => {
    await using study = await createStudy()
    const { signal } = new AbortController()
    let listeners = 0
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
    signal.addEventListener = (...of: Parameters<typeof add>) => {
      listeners++
      add(...of)
    }
    signal.removeEventListener = (...of: Parameters<typeof remove>) => {
      listeners--
      remove(...of)
    }
    for (let i = 0; i < 3; i++) await study.optimize(async () => 1, { trials: 2, signal })
    expect(listeners).to.equal(0)
  })

  it('rejects with what an objective threw, after the trials in flight have settled', async () => {
    for (const failure of [new Error('no'), 'text', undefined]) {
      await using study = await createStudy()
      const gate = Promise.withResolvers<number>()
      const run = study.optimize(
        trial => {
          if (trial.number === 0) return gate.promise
          setImmediate(() => gate.resolve(1))
          throw failure
        },
        { concurrency: 2 }
      )
      expect(await rejection(run)).to.equal(failure)
      expect((await study.trials()).map(({ state }) => state)).to.deep.equal(['complete', 'failed'])
    }
  })

  it("with onError 'continue' goes on", async () => {
    await using study = await createStudy()
    const failing = async (): Promise<number> => Promise.reject(new Error('no'))
    expect(await study.optimize(failing, { trials: 15, onError: 'continue' })).to.deep.include({ reason: 'trials', failed: 15 })
  })

  it('goes on after a value that is none, whatever onError says', async () => {
    await using study = await createStudy()
    const values = [Number.NaN, '1', [1, 2], undefined, 1]
    const summary = await study.optimize(trial => values[trial.number] as number, { trials: 5, onError: 'throw' })
    expect(summary).to.deep.include({ complete: 1, failed: 4 })
  })

  it('ends with the error of a storage that fails, even if it is told to continue', async () => {
    const failure = new Error('disk full')
    const watch = watched()
    await using study = await createStudy({ storage: watch.storage })
    watch.before = method => {
      if (method === 'finish') throw failure
    }
    expect(await rejection(study.optimize(() => 1, { onError: 'continue', concurrency: 3 }))).to.equal(failure)
    watch.before = () => {}
    // Its trials are still there to be told.
    const running = await study.trials('running')
    for (const { number } of running) await study.tell(number, 1)
    expect(running.length).to.be.within(1, 3)
  })
})
