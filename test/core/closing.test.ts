import { createStudy, type Plugin, type Study, type StudyEvent } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, rejection, thrownCode } from './rejection.ts'
import { watched } from './watched-storage.ts'

const disposing = (name: string, dispose: () => void | Promise<void>): Plugin => ({
  name,
  install: ctx => {
    ctx.scope.defer(dispose)
  }
})

describe('closing a study', () => {
  it('disposes of the plugins in reverse, then of the storage that the study opened, and completes the events', async () => {
    const log: string[] = []
    const watch = watched()
    watch.before = method => {
      if (method === 'dispose') log.push('storage')
    }
    const plugins = ['a', 'b', 'c'].map(name => disposing(name, () => void log.push(name)))
    const study = await createStudy({ storage: () => watch.storage, plugins })
    study.events$.subscribe({ complete: () => log.push('complete') })
    await study.close()
    expect(log).to.deep.equal(['c', 'b', 'a', 'storage', 'complete'])
  })

  it('leaves a storage open that it was lent', async () => {
    const watch = watched()
    await (await createStudy({ storage: watch.storage })).close()
    expect(watch.calls).to.not.include('dispose')
  })

  it('disposes of all even if some throw, and then rejects with what they threw', async () => {
    const log: string[] = []
    const watch = watched()
    const [first, last] = [new Error('first'), new Error('last')]
    const plugins = [
      disposing('a', () => void log.push('a')),
      disposing('b', () => Promise.reject(last)),
      disposing('c', () => void log.push('c')),
      disposing('d', () => {
        throw first
      })
    ]
    const study = await createStudy({ storage: () => watch.storage, plugins })
    study.events$.subscribe({ complete: () => log.push('complete') })
    const error = await rejection(study.close())
    expect(error).to.be.instanceOf(SuppressedError).and.to.include({ error: last, suppressed: first })
    expect(log).to.deep.equal(['c', 'a', 'complete'])
    expect(watch.calls.at(-1)).to.equal('dispose')
  })

  it('completes the events even if the storage does not close', async () => {
    const failure = new Error('busy')
    const watch = watched()
    watch.before = method => {
      if (method === 'dispose') throw failure
    }
    const study = await createStudy({ storage: () => watch.storage })
    let completed = false
    study.events$.subscribe({ complete: () => (completed = true) })
    expect(await rejection(study.close())).to.equal(failure)
    expect(completed).to.equal(true)
  })

  it('twice is closing once', async () => {
    let disposals = 0
    const study = await createStudy({ plugins: [disposing('a', () => void disposals++)] })
    await Promise.all([study.close(), study.close(), study[Symbol.asyncDispose]()])
    await study.close()
    expect(disposals).to.equal(1)
  })

  it('lets everything reject with STUDY_CLOSED afterwards, and at once', async () => {
    const study = await createStudy()
    const trial = await study.ask()
    const closing = study.close()
    const every: (() => Promise<unknown>)[] = [
      () => study.ask(),
      () => study.ask(() => 1),
      () => study.tell(trial, 1),
      () => study.optimize(() => 1, { trials: 1 }),
      () => study.enqueue({ x: 1 }),
      () => study.trials(),
      () => study.best(),
      () => study.setAttribute('a', 1),
      async () => {
        for await (const _ of study.stream()) break
      }
    ]
    for (const call of every) expect(await rejectedCode(call()), String(call)).to.equal('STUDY_CLOSED')
    await closing
    for (const call of every) expect(await rejectedCode(call()), String(call)).to.equal('STUDY_CLOSED')
    study.stop()
  })

  it('aborts the signal of plugins first, with the reason', async () => {
    const reasons: unknown[] = []
    const plugin: Plugin = {
      name: 'a',
      install: ctx => {
        ctx.signal.addEventListener('abort', () => reasons.push('aborted'))
        ctx.scope.defer(() => void reasons.push('disposed'))
      }
    }
    await (await createStudy({ plugins: [plugin] })).close()
    expect(reasons).to.deep.equal(['aborted', 'disposed'])
  })

  it('aborts trials that were asked for by hand, and refuses what they still report', async () => {
    const study = await createStudy()
    const trial = await study.ask()
    trial.report(1, 0)
    expect(trial.signal.aborted).to.equal(false)
    await study.close()
    expect(trial.signal.aborted).to.equal(true)
    expect(trial.signal.reason).to.include({ code: 'STUDY_CLOSED' })
    expect(thrownCode(() => trial.report(2, 1))).to.equal('TRIAL_OVER')
  })

  it('stores what was reported before it', async () => {
    const watch = watched()
    const study = await createStudy({ name: 's', storage: watch.storage })
    const trial = await study.ask()
    trial.report(1, 0)
    trial.setAttribute('a', 'b')
    await study.close()
    await using again = await createStudy({ name: 's', storage: watch.storage })
    expect((await again.trials())[0]).to.deep.include({ state: 'running', reports: [{ step: 0, value: 1 }], attributes: { a: 'b' } })
  })

  it('aborts a run: its trials are told failed as aborted, and it rejects after they settled', async () => {
    const watch = watched()
    const study = await createStudy({ name: 's', storage: watch.storage })
    const events: StudyEvent['type'][] = []
    study.events$.subscribe(({ type }) => events.push(type))
    const began = Promise.withResolvers<void>()
    let running = 0
    const run = rejectedCode(
      study.optimize(
        () => {
          if (++running === 3) began.resolve()
          return new Promise<number>(() => {})
        },
        { concurrency: 3 }
      )
    )
    await began.promise
    await study.close()
    expect(await run).to.equal('STUDY_CLOSED')
    expect(events.slice(-4)).to.deep.equal(['trial.failed', 'trial.failed', 'trial.failed', 'study.finished'])
    await using again = await createStudy({ name: 's', storage: watch.storage })
    const reasons = (await again.trials('failed')).map(record => record.systemAttributes['rxtuna:reason'])
    expect(reasons.length).to.equal(3)
    for (const reason of reasons) expect(reason).to.include({ cause: 'aborted' })
  })

  it('inside an objective ends the run instead of waiting for itself', async () => {
    const study: Study<'minimize'> = await createStudy()
    const run = study.optimize(async () => {
      await study.close()
      return 1
    })
    expect(await rejectedCode(run)).to.equal('STUDY_CLOSED')
  })

  for (const alone of [false, true])
    it(`waits for what is on its way to the storage: tells and attributes${alone ? '' : ', and asks'}`, async () => {
      const log: string[] = []
      const watch = watched()
      const study = await createStudy({ storage: () => watch.storage })
      const trial = await study.ask()
      const gate = Promise.withResolvers<void>()
      watch.before = method => (method === 'dispose' ? void log.push('closed') : gate.promise)
      const telling = study.tell(trial, 1).then(({ state }) => log.push(`told ${state}`))
      const setting = study.setAttribute('a', 1).then(() => log.push('set'))
      const asking = alone || study.ask().then(({ number }) => log.push(`asked ${number}`))
      const closing = study.close()
      setImmediate(gate.resolve)
      await closing
      expect(log.at(-1)).to.equal('closed')
      expect(log.sort()).to.deep.equal([...(alone ? [] : ['asked 1']), 'closed', 'set', 'told complete'])
      await Promise.all([telling, setting, asking])
    })

  it('waits for what is being read, and refuses the rest of a stream', async () => {
    const watch = watched()
    let isOpen = true
    watch.before = method => {
      if (method === 'dispose') isOpen = false
    }
    watch.after = async method => {
      await Promise.resolve()
      if (method !== 'dispose' && !isOpen) throw new Error('The storage is closed.')
    }
    const study = await createStudy({ storage: () => watch.storage })
    for (let i = 0; i < 3; i++) await study.tell(await study.ask(), i)
    const stream = study.stream()[Symbol.asyncIterator]()
    expect((await stream.next()).value).to.include({ number: 0 })
    const reading = [study.trials(), study.trials('waiting'), study.best()]
    const closing = study.close()
    expect((await reading[0]) as unknown[]).to.have.lengthOf(3)
    await Promise.all([...reading, closing])
    const rest = async (): Promise<void> => {
      while (!(await stream.next()).done);
    }
    expect(await rejectedCode(rest())).to.equal('STUDY_CLOSED')
  })
})
