import { createStudy, int, space } from '@rxtuna/core'
import { telemetry } from '@rxtuna/telemetry'
import { expect } from 'chai'
import { type RegisteredSdk, registerSdk, total } from './sdk.ts'
import { lend, openSquares, type Squares } from './squares.ts'

const numbers = space({ n: int(0, 1000) })
const watched = (...caches: readonly Squares[]) => createStudy({ plugins: [telemetry(), ...caches.map(lend)] })

describe('the metrics of caches', () => {
  let sdk: RegisteredSdk
  const measured = async (cache: string): Promise<Record<string, number>> => {
    const metrics = [...(await sdk.metrics())].filter(([name]) => name.startsWith('rxtuna.cache.'))
    return Object.fromEntries(
      metrics
        .filter(([, { points }]) => points.length > 0)
        .map(([name, metric]) => [name.slice('rxtuna.cache.'.length), total(metric, { 'rxtuna.cache.name': cache })])
    )
  }
  beforeEach(() => {
    sdk = registerSdk()
  })
  afterEach(() => sdk[Symbol.asyncDispose]())

  it("are the cache's own statistics", async () => {
    const cache = openSquares()
    await using study = await watched(cache)
    await study.optimize({ space: numbers, evaluate: (_, { number }) => cache.get(number % 2) }, { trials: 6 })
    await Promise.all([cache.get(9), cache.get(9)])
    const { hits, misses, joined, evictions, entries, bytes, savedMs } = cache.stats()
    expect({ hits, misses, joined }).to.deep.equal({ hits: 4, misses: 3, joined: 1 })
    expect(await measured('squares')).to.deep.equal({ hits, misses, joined, evictions, entries, bytes, saved: savedMs / 1000 })
    expect((await sdk.metrics()).get('rxtuna.cache.saved')?.unit).to.equal('s')
    expect((await sdk.metrics()).get('rxtuna.cache.bytes')?.unit).to.equal('By')
  })

  it('are still there when the reader collects after the study has closed', async () => {
    const cache = openSquares()
    {
      await using study = await watched(cache)
      await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 5 })
    }
    expect(await measured('squares')).to.deep.equal({ hits: 4, misses: 1, joined: 0, evictions: 0, saved: 4, entries: 0, bytes: 0 })
  })

  it('count a cache once that is lent to several studies, at once or one after the other', async () => {
    const cache = openSquares()
    for (let round = 0; round < 2; round++) {
      await using first = await watched(cache)
      await using second = await watched(cache)
      for (const study of [first, second]) await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 2 })
    }
    expect(cache.stats()).to.include({ hits: 7, misses: 1 })
    expect(await measured('squares')).to.include({ hits: 7, misses: 1, saved: 7 })
  })

  it('tell the size of a cache as long as one of its studies is open, then zero', async () => {
    const cache = openSquares()
    const first = await watched(cache)
    const second = await watched(cache)
    for (const study of [first, second]) await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 1 })
    await first.close()
    await cache.get(2)
    expect(await measured('squares')).to.include({ misses: 2, entries: 2, bytes: 16 })
    await second.close()
    expect(await measured('squares')).to.include({ misses: 2, entries: 0, bytes: 0 })
  })

  it('add up caches of one name in different studies', async () => {
    const [one, other] = [openSquares(), openSquares()]
    await using first = await watched(one)
    await using second = await watched(other)
    await first.optimize({ space: numbers, evaluate: () => one.get(1) }, { trials: 3 })
    await second.optimize({ space: numbers, evaluate: () => other.get(1) }, { trials: 4 })
    expect(await measured('squares')).to.include({ hits: 5, misses: 2, entries: 2, bytes: 16 })
  })

  it('never fall when a cache is cleared', async () => {
    const cache = openSquares()
    await using study = await watched(cache)
    await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 5 })
    expect(await measured('squares')).to.include({ hits: 4, misses: 1 })
    await cache.clear()
    await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 2 })
    expect(await measured('squares')).to.include({ hits: 5, misses: 2, entries: 1 })
  })

  it('tell tiers apart', async () => {
    const cache = openSquares({ name: 'tables', tier: 'cold' })
    await using study = await watched(cache)
    await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 3 })
    const hits = (await sdk.metrics()).get('rxtuna.cache.hits')
    expect(hits?.points).to.deep.equal([{ labels: { 'rxtuna.cache.name': 'tables', 'rxtuna.cache.tier': 'cold' }, value: 2 }])
  })

  it('go on for the other caches when one cannot say what it has done', async () => {
    const cache = openSquares()
    const broken: Squares = {
      ...openSquares({ name: 'broken' }),
      stats() {
        throw new Error('closed')
      }
    }
    await using study = await watched(broken, cache)
    await study.optimize({ space: numbers, evaluate: () => cache.get(1) }, { trials: 3 })
    expect(await measured('squares')).to.include({ hits: 2, misses: 1 })
  })
})
