import { type AskCall, type AskResult, StudyError, trialRecord } from '@rxtuna/core'
import { expect } from 'chai'
// Composition is not public; plugins see it through `intercept`.
import { compose, type Owned } from '../../core/src/compose.ts'
import { rejection } from './rejection.ts'

const call: AskCall = { trial: 3, attempt: 0 }
const centre = async ({ attempt }: AskCall): Promise<AskResult> => ({ params: { attempt }, attempt })

describe('a phase', () => {
  it('without interceptors is the centre itself', () => {
    expect(compose('ask', [], centre)).to.equal(centre)
  })

  it('nests its interceptors, the first outermost', async () => {
    const order: string[] = []
    const around = (plugin: string): Owned<'ask'> => ({
      plugin,
      interceptor: async (call, next) => {
        order.push(`${plugin} before`)
        const result = await next(call)
        order.push(`${plugin} after`)
        return result
      }
    })
    const phase = compose('ask', [around('a'), around('b')], async call => {
      order.push('centre')
      return centre(call)
    })
    expect(await phase(call)).to.deep.equal({ params: { attempt: 0 }, attempt: 0 })
    expect(order).to.deep.equal(['a before', 'b before', 'centre', 'b after', 'a after'])
  })

  it('is answered by an interceptor that does not call next', async () => {
    let reached = false
    const phase = compose('ask', [{ plugin: 'a', interceptor: async () => ({ params: { x: 1 }, attempt: 0 }) }], async call => {
      reached = true
      return centre(call)
    })
    expect((await phase(call)).params).to.deep.equal({ x: 1 })
    expect(reached).to.equal(false)
  })

  it('runs again what is inside when an interceptor calls next again', async () => {
    const again: Owned<'ask'> = {
      plugin: 'again',
      interceptor: async (call, next) => {
        const { attempt } = await next(call)
        return next({ ...call, attempt: attempt + 1 })
      }
    }
    let runs = 0
    const counting: Owned<'ask'> = {
      plugin: 'counting',
      interceptor: (call, next) => {
        runs++
        return next(call)
      }
    }
    expect((await compose('ask', [again, again, counting], centre)(call)).attempt).to.equal(3)
    expect(runs).to.equal(4)
  })

  it('names the plugin that threw, at once or later, however many are around it', async () => {
    const record = trialRecord({
      number: 0,
      state: 'complete',
      values: [1],
      params: {},
      distributions: {},
      reports: [],
      attributes: {},
      systemAttributes: {}
    })
    const passing = (plugin: string): Owned<'tell'> => ({ plugin, interceptor: (call, next) => next(call) })
    const cause = new RangeError('no')
    const throwing: Owned<'tell'>['interceptor'][] = [
      () => {
        throw cause
      },
      async () => {
        throw cause
      },
      async (call, next) => {
        await next(call)
        throw cause
      }
    ]
    for (const interceptor of throwing) {
      const phase = compose('tell', [passing('a'), { plugin: 'b', interceptor }, passing('c')], async () => record)
      const error = await rejection(Promise.resolve(phase({ trial: 0, params: {}, outcome: { state: 'pruned' } })))
      expect(error).to.be.instanceOf(StudyError)
      expect(error).to.include({ code: 'PLUGIN_THREW', plugin: 'b', cause })
      expect((error as StudyError).message).to.equal('The plugin "b" threw in the phase "tell": no')
    }
  })

  it('blames nobody for what the centre rejects with', async () => {
    const failure = new Error('no disk')
    const passing: Owned<'ask'> = { plugin: 'a', interceptor: async (call, next) => await next(call) }
    const cleaning: Owned<'ask'> = {
      plugin: 'b',
      interceptor: async (call, next) => {
        try {
          return await next(call)
        } finally {
          await Promise.resolve()
        }
      }
    }
    const failing = async (): Promise<never> => {
      throw failure
    }
    expect(await rejection(Promise.resolve(compose('ask', [passing, cleaning], failing)(call)))).to.equal(failure)
  })

  it('to ask rejects with what was thrown, so that a redraw can say that nothing is left', async () => {
    const exhausted = new StudyError('SPACE_EXHAUSTED', 'Every draw is known.')
    const interceptor = async (): Promise<never> => {
      throw exhausted
    }
    expect(await rejection(Promise.resolve(compose('ask', [{ plugin: 'resampling', interceptor }], centre)(call)))).to.equal(exhausted)
  })
})
