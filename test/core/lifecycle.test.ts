import { createStudy, int, type Phase, type Plugin, pruners, type StudyEvent, space } from '@rxtuna/core'
import { expect } from 'chai'

/** One line for an event. */
function line(event: StudyEvent): string {
  const { type } = event
  if (type === 'study.started') return `${type} ${event.concurrency}`
  if (type === 'study.finished') return `${type} ${event.reason} ${event.complete}+${event.pruned}+${event.failed}, ${event.reused} reused`
  if (type === 'study.improved') return `${type} ${event.record.number}`
  if (type === 'trial.reported') return `${type} ${event.trial} ${event.step}:${event.value}`
  if (type === 'plugin.failed') return `${type} ${event.plugin}`
  return 'trial' in event ? `${type} ${event.trial}` : type
}

describe('the order of a run', () => {
  it('of its phases and events is this one', async () => {
    const log: string[] = []
    const logging = (name: string, answer?: number): Plugin => ({
      name,
      install(ctx) {
        const around = async <R>(phase: Phase, trial: number, next: () => Promise<R>): Promise<R> => {
          log.push(`${name}: ${phase} ${trial}`)
          const result = await next()
          log.push(`${name}: ${phase} ${trial} done`)
          return result
        }
        ctx.intercept('ask', (call, next) =>
          around('ask', call.trial, async () => {
            const result = await next(call)
            return call.trial === answer ? { ...result, answer: { state: 'complete', value: [3], reusedFrom: 0 } } : result
          })
        )
        ctx.intercept('evaluate', (call, next) => around('evaluate', call.trial.number, () => next(call)))
        ctx.intercept('tell', (call, next) => around('tell', call.trial, () => next(call)))
        const subscription = ctx.events$.subscribe(event => log.push(`${name}: ${line(event)}`))
        ctx.scope.defer(() => {
          log.push(`${name}: disposed`)
          subscription.unsubscribe()
        })
      }
    })
    const study = await createStudy({ plugins: [logging('outer'), logging('inner', 1)], pruner: pruners.median({ startupTrials: 1 }) })
    study.events$.subscribe({ next: event => log.push(`user: ${line(event)}`), complete: () => log.push('user: complete') })
    await study.optimize(
      {
        space: space({ n: int(0, 9) }),
        async evaluate(_, trial) {
          log.push(`evaluating ${trial.number}`)
          await Promise.resolve()
          if (trial.number === 3) throw new Error('no')
          trial.report(3 + trial.number, 0)
          if (trial.shouldPrune()) trial.prune('worse than the median')
          return 3
        }
      },
      { trials: 4, onError: 'continue' }
    )
    await study.close()
    const asked = (trial: number): string[] => [
      `outer: ask ${trial}`,
      `inner: ask ${trial}`,
      `inner: ask ${trial} done`,
      `outer: ask ${trial} done`,
      ...everybody(`trial.started ${trial}`)
    ]
    const evaluated = (trial: number, ...during: readonly string[]): string[] => [
      `outer: evaluate ${trial}`,
      `inner: evaluate ${trial}`,
      `evaluating ${trial}`,
      ...during,
      `inner: evaluate ${trial} done`,
      `outer: evaluate ${trial} done`
    ]
    const told = (trial: number, ...events: readonly string[]): string[] => [
      `outer: tell ${trial}`,
      `inner: tell ${trial}`,
      ...events.flatMap(everybody),
      `inner: tell ${trial} done`,
      `outer: tell ${trial} done`
    ]
    expect(log).to.deep.equal([
      ...everybody('study.started 1'),
      ...asked(0),
      ...evaluated(0, ...everybody('trial.reported 0 0:3')),
      ...told(0, 'trial.completed 0', 'study.improved 0'),
      // Answered: nothing is evaluated.
      ...asked(1),
      ...told(1, 'trial.completed 1'),
      ...asked(2),
      ...evaluated(2, ...everybody('trial.reported 2 0:5')),
      ...told(2, 'trial.pruned 2'),
      ...asked(3),
      ...evaluated(3),
      ...told(3, 'trial.failed 3'),
      ...everybody('study.finished trials 2+1+1, 1 reused'),
      'inner: disposed',
      'outer: disposed',
      'user: complete'
    ])
  })
})

function everybody(event: string): string[] {
  return ['outer', 'inner', 'user'].map(who => `${who}: ${event}`)
}
