import { ProxyTracer } from '@opentelemetry/api'
import type { SpanProcessor } from '@opentelemetry/sdk-trace'
import { createStudy, int, type Plugin, type PluginContext, StudyError, space } from '@rxtuna/core'
import { telemetry } from '@rxtuna/telemetry'
import { expect } from 'chai'
import { registerSdk, total } from './sdk.ts'
import { lend, openSquares } from './squares.ts'

const numbers = space({ n: int(0, 1000) })
const values = async (plugins: readonly Plugin[]): Promise<readonly (number | undefined)[]> => {
  await using study = await createStudy({ seed: 1, plugins })
  await study.optimize({ space: numbers, evaluate: ({ n }) => n }, { trials: 10 })
  return (await study.trials()).map(trial => trial.value)
}
/** The plugin, and what it asks of the study it is installed into. */
function overheard(plugin: Plugin): { readonly plugin: Plugin; readonly asked: readonly string[] } {
  const asked: string[] = []
  const heard = (study: PluginContext): PluginContext =>
    new Proxy(study, {
      get(target, key, receiver) {
        asked.push(String(key))
        return Reflect.get(target, key, receiver)
      }
    })
  return { asked, plugin: { name: plugin.name, install: study => plugin.install(heard(study)) } }
}

describe('telemetry', () => {
  it('takes no part in a study while no SDK is registered: no hook, no subscription, no span', async () => {
    const { startSpan } = ProxyTracer.prototype
    let calls = 0
    ProxyTracer.prototype.startSpan = function (...given) {
      calls++
      return startSpan.apply(this, given)
    }
    try {
      const cache = openSquares()
      const { plugin, asked } = overheard(telemetry())
      await using study = await createStudy({ plugins: [plugin, lend(cache)] })
      await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 3 })
      expect(asked).to.deep.equal([])
      expect(calls).to.equal(0)
    } finally {
      ProxyTracer.prototype.startSpan = startSpan
    }
  })

  it('intercepts ask and evaluate and subscribes to all events where an SDK is registered', async () => {
    await using _sdk = registerSdk()
    const { plugin, asked } = overheard(telemetry())
    await using _study = await createStudy({ plugins: [plugin] })
    expect(asked.filter(key => key === 'intercept')).to.have.length(2)
    expect(asked.filter(key => key === 'events$')).to.have.length(1)
  })

  it('makes spans without a meter provider, and metrics without a tracer provider', async () => {
    for (const traces of [true, false]) {
      await using sdk = registerSdk({ traces, meters: !traces })
      await values([telemetry()])
      expect(sdk.spans('trial')).to.have.length(traces ? 10 : 0)
      expect(total((await sdk.metrics()).get('rxtuna.trials'))).to.equal(traces ? 0 : 10)
    }
  })

  it('changes no value of any trial', async () => {
    const without = await values([])
    await using _sdk = registerSdk()
    expect(await values([telemetry()])).to.deep.equal(without)
  })

  it('fails no trial and no load when the SDK throws, but says so', async () => {
    const broken: SpanProcessor = {
      onStart(span) {
        throw new Error(`cannot start ${(span as unknown as { name: string }).name}`)
      },
      onEnd() {
        throw new Error('cannot end')
      },
      forceFlush: async () => {},
      shutdown: async () => {}
    }
    await using sdk = registerSdk({ processors: [broken] })
    const cache = openSquares()
    await using study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    const failures = new Set<string>()
    study.events$.subscribe(event => {
      if (event.type === 'plugin.failed') failures.add(`${event.plugin}: ${(event.error as Error).message}`)
    })
    const { complete } = await study.optimize({ space: numbers, evaluate: () => cache.get(3) }, { trials: 2 })
    expect(complete).to.equal(2)
    expect([...failures]).to.deep.equal([
      'telemetry: cannot start study.optimize',
      'telemetry: cannot start trial',
      'telemetry: cannot start cache.load'
    ])
    expect(total((await sdk.metrics()).get('rxtuna.trials'))).to.equal(2)
  })

  it('fails no trial when the SDK throws at the end of a span', async () => {
    const broken: SpanProcessor = {
      onStart() {},
      onEnd() {
        throw new Error('cannot end')
      },
      forceFlush: async () => {},
      shutdown: async () => {}
    }
    await using sdk = registerSdk({ processors: [broken] })
    const cache = openSquares()
    const study = await createStudy({ plugins: [telemetry(), lend(cache)] })
    const { complete, failed } = await study.optimize({ space: numbers, evaluate: () => cache.get(3) }, { trials: 2 })
    await study.ask(numbers)
    await study.close()
    expect({ complete, failed }).to.deep.equal({ complete: 2, failed: 0 })
    expect(total((await sdk.metrics()).get('rxtuna.plugin.failures'), { 'rxtuna.plugin.name': 'telemetry' })).to.be.greaterThan(0)
  })

  it('refuses options that it cannot use, with a sentence', () => {
    for (const maxReports of [-1, 1.5, Number.NaN, '3' as unknown as number])
      expect(() => telemetry({ maxReports }))
        .to.throw(StudyError, 'Expected a whole number >= 0 as `maxReports`')
        .with.property('code', 'MAX_REPORTS')
  })
})
