import { createStudy, int, space } from '@rxtuna/core'
import { type StagesOptions, stages } from '@rxtuna/data-cache'
import { expect } from 'chai'
import fc from 'fast-check'
import { rejection } from './rejection.ts'

interface Setting {
  readonly window: number
  readonly side: 'long' | 'short'
  readonly stop: { readonly kind: 'none' } | { readonly kind: 'trail'; readonly share: number }
}
const prices = Float64Array.from({ length: 50 }, (_, i) => 100 + Math.sin(i) * 10)

/** The strategy's steps, and how often each was computed. */
function counted(options?: StagesOptions) {
  const counts = { indicators: 0, signals: 0, exits: 0 }
  const staged = stages(
    prices,
    {
      indicators: ({ window }: Setting, values) => {
        counts.indicators++
        return values.map((_, i) => values.slice(Math.max(0, i - window + 1), i + 1).reduce((a, b) => a + b) / Math.min(window, i + 1))
      },
      signals: ({ side }: Setting, means, values) => {
        counts.signals++
        return Int8Array.from(means, (mean, i) => ((values[i] as number) > mean === (side === 'long') ? 1 : 0))
      },
      exits: ({ stop }: Setting, signals, values) => {
        counts.exits++
        let sum = 0
        for (const [i, on] of signals.entries()) sum += on * (values[i] as number) * (stop.kind === 'trail' ? 1 - stop.share : 1)
        return sum
      }
    },
    options
  )
  return { counts, staged }
}

const none = { kind: 'none' } as const
const trail = (share: number) => ({ kind: 'trail', share }) as const

describe('stages', () => {
  it('computes a step again only for params that it reads, and for what the step before returned', async () => {
    const { counts, staged } = counted()
    const first = await staged.evaluate({ window: 5, side: 'long', stop: none })
    expect(await staged.evaluate({ window: 5, side: 'long', stop: trail(0.1) })).to.be.closeTo(0.9 * first, 1e-9)
    expect(counts).to.deep.equal({ indicators: 1, signals: 1, exits: 2 })
    await staged.evaluate({ window: 5, side: 'short', stop: trail(0.1) })
    expect(counts).to.deep.equal({ indicators: 1, signals: 2, exits: 3 })
    await staged.evaluate({ window: 7, side: 'long', stop: trail(0.1) })
    expect(counts).to.deep.equal({ indicators: 2, signals: 3, exits: 4 })
    expect(await staged.evaluate({ window: 5, side: 'long', stop: none })).to.equal(first)
    expect(counts).to.deep.equal({ indicators: 2, signals: 3, exits: 4 })
    expect(staged.stats()).to.deep.include({ misses: 9, hits: 6, tiers: { indicators: 3, signals: 2, exits: 1 } })
  })

  it('knows a param that is read in one branch only, in whatever branch it comes first', async () => {
    const { counts, staged } = counted()
    for (const stop of [trail(0.1), none, trail(0.2), trail(0.1), none]) await staged.evaluate({ window: 5, side: 'long', stop })
    expect(counts.exits).to.equal(3)
  })

  it('gives for any settings, in any order, what the steps give without a cache, whatever is evicted', async () => {
    const setting = fc.record<Setting>({
      window: fc.integer({ min: 1, max: 4 }),
      side: fc.constantFrom('long', 'short'),
      stop: fc.oneof(fc.constant(none), fc.constantFrom(0.1, 0.2).map(trail))
    })
    const plain = counted({ enabled: false })
    for (const maxBytes of [1, 1_500, 2 ** 20]) {
      const { staged } = counted({ maxBytes })
      await fc.assert(
        fc.asyncProperty(setting, async params => {
          expect(await staged.evaluate(params)).to.equal(await plain.staged.evaluate(params))
          expect(staged.stats().bytes).to.be.at.most(maxBytes)
        })
      )
    }
    expect(plain.staged.stats().hits).to.equal(0)
  })

  it('sees every way of reading: names, spread, entries, `in`, JSON, and arrays', async () => {
    const ways: readonly ((params: Record<string, unknown>) => unknown)[] = [
      params => params.a,
      params => ({ ...params }),
      params => Object.entries(params),
      params => 'b' in params,
      params => JSON.stringify(params),
      ({ list }) => [...(list as readonly number[])].map(x => x * 2),
      ({ list }) => (list as readonly number[]).length,
      params => Object.keys(params).length,
      params => (params.nested as { readonly deep?: number } | undefined)?.deep
    ]
    const all: readonly Record<string, unknown>[] = [
      { a: 1, list: [1, 2] },
      { a: 1, list: [1, 3] },
      { a: 1, list: [1, 2], b: undefined },
      { a: '1', list: [1, 2, 3] },
      { a: 0, list: [] },
      { a: -0, list: [], nested: {} },
      { a: null, list: [], nested: { deep: 1 } },
      { a: Number.NaN, list: [], nested: { deep: 2 } },
      { a: [], list: [] },
      { a: {}, list: [] }
    ].map(params => Object.freeze(params))
    const text = (value: unknown): string =>
      JSON.stringify(value, (_, item) => (typeof item === 'number' ? `${Object.is(item, -0) ? '-0' : item}` : item)) ?? 'undefined'
    for (const [index, way] of ways.entries()) {
      const staged = stages<Record<string, unknown>, unknown, undefined>(undefined, { step: params => text(way(params)) })
      for (const params of [...all, ...all]) expect(await staged.evaluate(params), `way ${index}`).to.equal(text(way(params)))
      expect(staged.stats().misses, `way ${index}`).to.be.at.most(all.length)
    }
  })

  it('refuses a step that writes into its params, or reads them when it is over, and keeps nothing of a step that throws', async () => {
    const writes = stages<{ x: number }, number, undefined>(undefined, { step: params => (params.x = 2) })
    expect(await rejection(writes.evaluate({ x: 1 }))).to.include({ code: 'STAGE_WRITE' })
    const late = stages<{ list: readonly number[] }, unknown, undefined>(undefined, { step: params => params.list })
    expect(await rejection(late.evaluate({ list: [1] }))).to.include({ code: 'STAGE_LATE_READ' })
    const later = stages<{ x: number }, () => number, undefined>(undefined, { step: params => () => params.x })
    const read = await later.evaluate({ x: 1 })
    expect(read).to.throw('Expected the step "step" to read its params before it ends, got a read of "x" afterwards.')
    let fails = true
    const throwing = stages<{ x: number }, number, undefined>(undefined, {
      step: ({ x }) => {
        if (fails) throw new Error('no prices')
        return x
      }
    })
    expect(await rejection(throwing.evaluate({ x: 1 }))).to.have.property('message', 'no prices')
    fails = false
    expect(await throwing.evaluate({ x: 1 })).to.equal(1)
    expect(() => stages(undefined, {})).to.throw('at least one step')
    expect(() => stages(undefined, { step: 5 as never })).to.throw('a function as the step "step", got 5')
  })

  it('computes asynchronous steps once for equal params that come together', async () => {
    let computed = 0
    const staged = stages<{ x: number; y: number }, number, undefined>(undefined, {
      step: async ({ x }) => {
        computed++
        await new Promise(resolve => setTimeout(resolve, 5))
        return 2 * x
      },
      last: ({ y }, before: number) => before + y
    })
    const all = await Promise.all([1, 1, 1, 2].map(x => staged.evaluate({ x, y: 0 })))
    expect(all).to.deep.equal([2, 2, 2, 4])
    expect(computed).to.equal(2)
    expect(await staged.evaluate({ x: 2, y: 1 })).to.equal(5)
    expect(computed).to.equal(2)
  })

  it('changes no value of a study, and is much cheaper', async () => {
    const settings = space({ window: int(1, 8), share: int(0, 20) })
    const run = async (enabled: boolean) => {
      const { counts, staged } = counted({ enabled })
      await using study = await createStudy({ name: 'stages', seed: 3 })
      const evaluate = ({ window, share }: { readonly window: number; readonly share: number }) =>
        staged.evaluate({ window, side: 'long', stop: share === 0 ? none : trail(share / 100) })
      await study.optimize({ space: settings, evaluate }, { trials: 60, concurrency: 4, deterministic: true })
      return { counts, values: (await study.trials()).map(({ params, value }) => [params, value]) }
    }
    const [plain, cached] = [await run(false), await run(true)]
    expect(cached.values).to.deep.equal(plain.values)
    expect(plain.counts.indicators).to.equal(60)
    expect(cached.counts.indicators).to.be.at.most(8)
  })

  it('starts anew after clear, and says what it dropped', async () => {
    const { counts, staged } = counted()
    await staged.evaluate({ window: 5, side: 'long', stop: none })
    const dropped: string[] = []
    staged.events.on('invalidate', ({ key }) => void dropped.push(key))
    staged.clear()
    expect(dropped).to.have.length(3)
    expect(staged.stats()).to.deep.include({ entries: 0, bytes: 0, misses: 0 })
    await staged.evaluate({ window: 5, side: 'long', stop: none })
    expect(counts.indicators).to.equal(2)
  })

  it('keeps fewer results from now on, or more, when it is resized', async () => {
    let computed = 0
    const made = stages<{ readonly n: number }, Float64Array, number>(0, {
      only: ({ n }) => {
        computed++
        return new Float64Array(n)
      }
    })
    for (const n of [100, 200, 300]) await made.evaluate({ n })
    const { bytes } = made.stats()
    made.resize(bytes - 1)
    expect(made.stats()).to.include({ entries: 2, evictions: 1, maxBytes: bytes - 1 })
    await made.evaluate({ n: 300 })
    expect(computed).to.equal(3)
    await made.evaluate({ n: 100 })
    expect(computed).to.equal(4)
    made.resize(1)
    expect(made.stats()).to.include({ entries: 0, bytes: 0 })
    expect(() => made.resize(0))
      .to.throw()
      .with.property('code', 'MAX_BYTES')
  })

  it('takes the params as they are when it is called, whatever becomes of them', async () => {
    const made = stages<{ w: number }, number, number>(0, { only: async ({ w }) => 10 * w })
    const params = { w: 0 }
    const all: Promise<number>[] = []
    for (const w of [1, 2, 3]) {
      params.w = w
      all.push(made.evaluate(params))
    }
    expect(await Promise.all(all)).to.deep.equal([10, 20, 30])
    expect([await made.evaluate({ w: 1 }), await made.evaluate({ w: 2 }), await made.evaluate({ w: 3 })]).to.deep.equal([10, 20, 30])
    const itself: { w: number; self?: unknown } = { w: 1 }
    itself.self = itself
    expect(await rejection(made.evaluate(itself))).to.have.property('code', 'STAGE_PARAMS')
    expect(await rejection(made.evaluate({ w: 1, [Symbol('s')]: 1 }))).to.have.property('code', 'STAGE_PARAMS')
  })

  it('knows what is asked of names that are not there, and keeps arrays and objects apart and equal to themselves', async () => {
    const own = stages<Record<string, unknown>, string, number>(0, { only: params => (Object.hasOwn(params, 'stop') ? 'stop' : 'none') })
    expect([await own.evaluate({ w: 1 }), await own.evaluate({ w: 1, stop: 5 }), await own.evaluate({ stop: undefined })]).to.deep.equal([
      'none',
      'stop',
      'stop'
    ])
    const kinds = stages<{ readonly xs: unknown }, boolean, number>(0, { only: ({ xs }) => Array.isArray(xs) })
    expect(await Promise.all([kinds.evaluate({ xs: [1, 2] }), kinds.evaluate({ xs: { 0: 1, 1: 2, length: 2 } })])).to.deep.equal([
      true,
      false
    ])
    const same = stages<{ readonly list: readonly object[] }, unknown, number>(0, {
      only: params => [
        params.list === Object.values(params)[0],
        params.list.includes(params.list[1] as object),
        params.list.indexOf(params.list[1] as object)
      ]
    })
    expect(await same.evaluate({ list: [{ a: 1 }, { b: 2 }] })).to.deep.equal([true, true, 1])
  })

  it('finds a step that writes into what it is handed, names it, and has the right result again', async () => {
    interface Sum {
      readonly w: number
      readonly s: number
    }
    const made = stages<Sum, number, number>(
      0,
      {
        first: ({ w }: Sum) => Float64Array.of(w),
        second: ({ s }: Sum, values: never) => {
          const handed: Float64Array = values
          if (s < 0) handed[0] = s
          return (handed[0] as number) + s
        }
      },
      { verify: true }
    )
    expect(await made.evaluate({ w: 1, s: 1 })).to.equal(2)
    const error = await rejection(made.evaluate({ w: 1, s: -1 }))
    expect(error).to.have.property('code', 'STAGE_WROTE')
    expect((error as Error).message).to.include('"second"')
    expect(await made.evaluate({ w: 1, s: 2 })).to.equal(3)
  })

  it('keeps nothing that cannot be found again', async () => {
    const made = stages<{ readonly n: number }, number, number>(
      0,
      { large: ({ n }) => new Float64Array(1000 + n), small: (_, values: never) => (values as Float64Array).length },
      { maxBytes: 1000 }
    )
    for (let i = 0; i < 5; i++) expect(await made.evaluate({ n: 1 })).to.equal(1001)
    expect(made.stats()).to.include({ entries: 0, hits: 0 })
  })
})
