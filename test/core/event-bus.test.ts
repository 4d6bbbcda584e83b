import { createStudy, memory, ofType, type Plugin, type PluginContext, type StudyEvent } from '@rxtuna/core'
import { expect } from 'chai'
import { bufferCount, map, merge, Observable, type Subscription, share, switchMap, tap } from 'rxjs'

const listening = (name: string, subscribe: (ctx: PluginContext) => Subscription): Plugin => ({
  name,
  install: ctx => {
    ctx.scope.adopt(subscribe(ctx), subscription => subscription.unsubscribe())
  }
})
const objective = { space: () => ({}), evaluate: (): number => 1 }

describe('events', () => {
  it('are frozen, carry the study and the time, and so are the records in them', async () => {
    await using study = await createStudy({ name: 'frozen', clock: () => 1234 })
    const events: StudyEvent[] = []
    study.events$.subscribe(event => events.push(event))
    await study.optimize(objective, { trials: 1 })
    expect(events.map(({ type }) => type)).to.deep.equal([
      'study.started',
      'trial.started',
      'trial.completed',
      'study.improved',
      'study.finished'
    ])
    for (const event of events) {
      expect(event).to.be.frozen.and.to.include({ study: 'frozen', at: 1234 })
      if ('record' in event) {
        expect(event.record).to.be.frozen
        for (const part of [event.record.params, event.record.values, event.record.reports, event.record.systemAttributes])
          expect(part).to.be.frozen
      }
    }
  })

  it('that nobody observes are not built: the clock is not read', async () => {
    let reads = 0
    const clock = (): number => ++reads
    const busy = async (observed: boolean): Promise<number> => {
      reads = 0
      const emitting: Plugin = {
        name: 'emitting',
        install: ctx =>
          ctx.intercept('tell', (call, next) => {
            ctx.emit('ask.abandoned', { trial: call.trial })
            return next(call)
          })
      }
      // The study's own storage would read the clock for its records.
      await using study = await createStudy({ clock, storage: memory(), plugins: [emitting] })
      if (observed) study.events$.subscribe()
      await study.optimize(
        {
          space: s => s.suggestFloat('x', 0, 1),
          evaluate: (x, trial) => {
            trial.report(x, 0)
            if (trial.number === 1) trial.prune()
            if (trial.number === 2) throw new Error('no')
            return x
          }
        },
        { trials: 4, onError: 'continue' }
      )
      return reads
    }
    expect(await busy(false)).to.equal(0)
    expect(await busy(true)).to.be.above(10)
  })

  it('are hot, never err, and complete when the study closes', async () => {
    const study = await createStudy()
    const seen: string[] = []
    study.events$.subscribe({ next: event => seen.push(event.type), complete: () => seen.push('complete') })
    await study.tell(await study.ask(), 1)
    let late = 0
    study.events$.subscribe(() => late++)
    expect(late).to.equal(0)
    await study.close()
    expect(seen).to.deep.equal(['trial.started', 'trial.completed', 'study.improved', 'complete'])
  })

  it('pass ofType by their type', async () => {
    await using study = await createStudy()
    const seen: number[] = []
    study.events$.pipe(ofType('trial.started', 'trial.failed')).subscribe(event => seen.push(event.trial))
    await study.tell(await study.ask(), 1)
    await study.tell(await study.ask(), { state: 'failed', error: new Error('no') })
    expect(seen).to.deep.equal([0, 1, 1])
  })

  const failure = new Error('the subscriber fails')
  const fail = (): never => {
    throw failure
  }
  const pipelines: Record<string, (ctx: PluginContext) => Subscription> = {
    'a subscriber': ctx => ctx.events$.pipe().subscribe(fail),
    'an observer': ctx => ctx.events$.subscribe({ next: fail }),
    'a subscriber behind map': ctx => ctx.events$.pipe(map(event => event.type)).subscribe(fail),
    'map itself': ctx => ctx.events$.pipe(map(fail)).subscribe(),
    'tap itself, before other operators': ctx => ctx.events$.pipe(tap(fail), bufferCount(2)).subscribe(() => {}),
    'a subscriber behind bufferCount': ctx => ctx.events$.pipe(ofType('trial.started', 'trial.completed'), bufferCount(2)).subscribe(fail),
    'a subscriber behind a merge of two pipes': ctx =>
      merge(ctx.events$.pipe(ofType('trial.started')), ctx.events$.pipe(ofType('trial.completed'))).subscribe(fail),
    'an operator behind a merge of two pipes': ctx =>
      merge(ctx.events$.pipe(ofType('trial.started')), ctx.events$.pipe(ofType('trial.completed')))
        .pipe(map(fail))
        .subscribe(),
    'a subscriber behind switchMap': ctx => ctx.events$.pipe(switchMap(event => [event])).subscribe(fail),
    'a subscriber behind share': ctx => ctx.events$.pipe(share()).subscribe(fail),
    'a subscriber of an observable of its own': ctx => new Observable(to => ctx.events$.subscribe(to)).subscribe(fail)
  }
  for (const [who, subscribe] of Object.entries(pipelines))
    it(`of which ${who} fails become plugin.failed, and the run goes on`, async () => {
      await using study = await createStudy({ plugins: [listening('fragile', subscribe)] })
      const failed: unknown[] = []
      study.events$.pipe(ofType('plugin.failed')).subscribe(({ plugin, error }) => failed.push([plugin, error]))
      const { complete } = await study.optimize(objective, { trials: 2 })
      expect(complete).to.equal(2)
      expect(failed[0]).to.deep.equal(['fragile', failure])
    })

  it('reach the other subscribers of a plugin when one of them fails', async () => {
    let seen = 0
    const both = listening('both', ctx => {
      ctx.events$.subscribe(fail)
      return ctx.events$.pipe(ofType('trial.completed')).subscribe(() => seen++)
    })
    await using study = await createStudy({ plugins: [both] })
    await study.optimize(objective, { trials: 3 })
    expect(seen).to.equal(3)
  })

  it('do not go round for ever between plugins that all fail at everything', async () => {
    let calls = 0
    const failing = (name: string): Plugin =>
      listening(name, ctx =>
        ctx.events$.subscribe(() => {
          calls++
          fail()
        })
      )
    await using study = await createStudy({ plugins: [failing('a'), failing('b'), failing('c')] })
    await study.tell(await study.ask(), 1)
    // Three events, three who fail at each, at the nine failures of it, and at the failures of those.
    expect(calls).to.equal(3 * (3 + 9 + 27))
  })

  it('stop reaching a subscription that was taken back', async () => {
    let seen = 0
    let subscription: Subscription | undefined
    const plugin = listening('brief', ctx => {
      subscription = ctx.events$.pipe(map(event => event.type)).subscribe(() => seen++)
      return subscription
    })
    await using study = await createStudy({ plugins: [plugin] })
    await study.ask()
    subscription?.unsubscribe()
    await study.ask()
    expect(seen).to.equal(1)
  })
})
