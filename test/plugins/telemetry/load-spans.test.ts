import { SpanStatusCode, trace } from '@opentelemetry/api'
import { createStudy, int, space } from '@rxtuna/core'
import { telemetry } from '@rxtuna/telemetry'
import { expect } from 'chai'
import { type RegisteredSdk, registerSdk } from './sdk.ts'
import { lend, openSquares } from './squares.ts'

describe('the spans of loads', () => {
  let sdk: RegisteredSdk
  const numbers = space({ n: int(0, 1_000_000) })
  beforeEach(() => {
    sdk = registerSdk()
  })
  afterEach(() => sdk[Symbol.asyncDispose]())

  it('stand under the evaluation that loaded, and a hit has none', async () => {
    const inside: (string | undefined)[] = []
    const cache = openSquares({
      load: async n => {
        inside.push(trace.getActiveSpan()?.spanContext().spanId)
        return n * n
      }
    })
    // The plugin of the cache comes after telemetry's.
    await using study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    await study.optimize({ space: numbers, evaluate: () => cache.get(5) }, { trials: 3 })
    const loads = sdk.spans('cache.load')
    expect(loads.map(span => span.attributes)).to.deep.equal([{ 'rxtuna.cache.name': 'squares', 'rxtuna.cache.key': '5' }])
    expect(loads[0]?.parentSpanContext?.spanId).to.equal(sdk.spans('trial.evaluate')[0]?.spanContext().spanId)
    expect(inside).to.deep.equal([loads[0]?.spanContext().spanId])
  })

  it('are there in a hand-written loop from the first ask on', async () => {
    const cache = openSquares()
    await using study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    const trial = await study.ask(numbers)
    await study.tell(trial, await cache.get(3))
    expect(sdk.spans('cache.load')).to.have.length(1)
  })

  it('are taken away when the study closes, and the cache goes on without', async () => {
    const cache = openSquares()
    const study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 1 })
    await study.close()
    expect(await cache.get(2)).to.equal(4)
    expect(sdk.spans('cache.load')).to.have.length(1)
  })

  it('are one per load when a cache is lent to several studies, as long as one is open', async () => {
    const cache = openSquares()
    const first = await createStudy({ plugins: [telemetry(), lend(cache)] })
    const second = await createStudy({ plugins: [telemetry(), lend(cache)] })
    await first.optimize({ space: numbers, evaluate: () => 1 }, { trials: 1 })
    await second.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 1 })
    expect(sdk.spans('cache.load')).to.have.length(1)
    await first.close()
    await cache.get(2)
    expect(sdk.spans('cache.load')).to.have.length(2)
    await second.close()
    await cache.get(3)
    expect(sdk.spans('cache.load')).to.have.length(2)
  })

  it('are errors when the load fails, which the caller sees as it was thrown', async () => {
    const thrown = new TypeError('no such file')
    const cache = openSquares({ load: () => Promise.reject(thrown) })
    await using study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    let caught: unknown
    const evaluate = async (): Promise<number> => {
      caught = await cache.get(1).catch((error: unknown) => error)
      return 1
    }
    await study.optimize({ space: numbers, evaluate }, { trials: 1 })
    expect(caught).to.equal(thrown)
    const [load] = sdk.spans('cache.load')
    expect(load?.status).to.deep.equal({ code: SpanStatusCode.ERROR, message: 'no such file' })
    expect(load?.events.map(event => event.name)).to.deep.equal(['exception'])
    expect(sdk.spans('trial')[0]?.status.code).to.equal(SpanStatusCode.UNSET)
  })
})
