import { Worker } from 'node:worker_threads'
import { type DataCacheOptions, type Group, type GroupedData, type GroupRequest, openDataCache, receiveGroups } from '@rxtuna/data-cache'
import { expect } from 'chai'
import { rejection } from './rejection.ts'
import { bars, universe } from './tables.ts'

const request = { dataset: 'daily', version: '1', groupBy: 'symbol', columns: ['close'], window: { column: 'date' } }
const load = async () => bars(['A', 'B', 'A', 'A', 'B'], [10, 50, 11, 12, 49])
const mean = ({ columns, length }: Group, { window }: { readonly window: number }) =>
  Float64Array.from({ length }, (_, i) => {
    const from = Math.max(0, i - window + 1)
    let sum = 0
    for (let j = from; j <= i; j++) sum += columns.close?.[j] as number
    return sum / (i - from + 1)
  })
const values = (data: GroupedData, name: string) => [...data.groups].map(([key, { columns }]) => [key, ...Array.from(columns[name] ?? [])])
const opened = async (options: DataCacheOptions = {}) => {
  const cache = openDataCache(options)
  return { cache, data: await cache.grouped(request, load), [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]() }
}

describe('a derived column', () => {
  it('stands beside the others, in every window, and is computed once per name, params and code', async () => {
    await using open = await opened()
    const { cache, data } = open
    let computed = 0
    const counted = (group: Group, params: { readonly window: number }) => {
      computed++
      return mean(group, params)
    }
    const derived = await data.derive('mean', { window: 2 }, counted)
    expect(values(derived, 'mean')).to.deep.equal([
      ['A', 10, 10.5, 11.5],
      ['B', 50, 49.5]
    ])
    expect(values(derived, 'close')).to.deep.equal(values(data, 'close'))
    expect(Array.from(derived.groups.get('A')?.between(1, 3).columns.mean ?? [])).to.deep.equal([10.5, 11.5])
    expect(Object.keys(data.groups.get('A')?.columns ?? {})).to.deep.equal(['close'])
    expect(computed).to.equal(2)
    await (await cache.grouped(request, load)).derive('mean', { window: 2 }, counted)
    expect(computed).to.equal(2)
    for (const again of [
      data.derive('other', { window: 2 }, counted),
      data.derive('mean', { window: 3 }, counted),
      data.derive('mean', { window: 2 }, mean)
    ])
      await again
    expect(computed).to.equal(6)
    expect(cache.stats()).to.deep.include({ hits: 2, misses: 5, entries: 5 })
    const both = await derived.derive('slow', { window: 3 }, mean)
    expect(Object.keys(both.groups.get('B')?.columns ?? {})).to.deep.equal(['close', 'mean', 'slow'])
  })

  it('is computed once for callers that come together, and not kept when it fails', async () => {
    await using open = await opened()
    const { cache, data } = open
    let computed = 0
    const counted = (group: Group) => {
      computed++
      return new Float64Array(group.length)
    }
    const all = await Promise.all(Array.from({ length: 8 }, () => data.derive('zero', undefined, counted)))
    expect(new Set(all).size).to.equal(1)
    expect([computed, cache.stats().joined]).to.deep.equal([2, 7])
    const failing = (): never => {
      throw new Error('no window')
    }
    for (let i = 0; i < 2; i++) expect(await rejection(data.derive('bad', {}, failing))).to.have.property('message', 'no window')
    expect(cache.stats().entries).to.equal(2)
  })

  it('is refused under a name that is taken, with params that JSON does not hold, and with another number of values than rows', async () => {
    await using open = await opened()
    const { data } = open
    for (const [name, params, compute, code] of [
      ['close', {}, mean, 'DERIVED_NAME'],
      ['date', {}, mean, 'DERIVED_NAME'],
      ['', {}, mean, 'DERIVED_NAME'],
      ['x', { window: Number.NaN }, mean, 'DERIVED_PARAMS'],
      ['x', { at: new Date() }, mean, 'DERIVED_PARAMS'],
      ['x', {}, () => [1], 'DERIVED_LENGTH'],
      ['x', {}, () => undefined, 'DERIVED_LENGTH'],
      ['x', {}, 5, 'DERIVED_COMPUTE']
    ] as const)
      expect(await rejection(data.derive(name, params as never, compute as never))).to.include({ code })
  })

  it('counts its bytes, and leaves with the data that it was derived from', async () => {
    const size = openDataCache()
    const { byteLength } = await size.grouped(request, load)
    await using open = await opened({ maxBytes: byteLength + 100 })
    const { cache, data } = open
    await data.derive('mean', { window: 2 }, mean)
    expect(cache.stats()).to.deep.include({ entries: 2, bytes: byteLength + 48 })
    // The data was not asked for again, but its column was: both stay before others.
    await cache.grouped({ ...request, dataset: 'hourly' }, load)
    expect(cache.stats().bytes).to.be.at.most(byteLength + 100)
    expect(cache.stats()).to.deep.include({ entries: 1, evictions: 2 })
    const late = await data.derive('mean', { window: 2 }, mean)
    expect(values(late, 'mean')).to.have.length(2)
    expect(cache.stats().entries).to.equal(1)
  })

  it('is checked like its data under verify, and copied with it under copy', async () => {
    await using open = await opened({ isolation: 'verify' })
    const { cache, data } = open
    await data.derive('mean', { window: 2 }, mean)
    const written = await cache.lend('study/1', async () => {
      const derived = await data.derive('mean', { window: 2 }, mean)
      ;(derived.groups.get('A')?.columns.mean as Float64Array)[0] = -1
      return cache.verify('study/1')
    })
    expect(written).to.have.length(1)
    expect(values(await data.derive('mean', { window: 2 }, mean), 'mean')[0]).to.deep.equal(['A', 10, 10.5, 11.5])
    await using copying = await opened({ isolation: 'copy' })
    const mine = await copying.data.derive('mean', { window: 2 }, mean)
    for (const name of ['mean', 'close']) (mine.groups.get('A')?.columns[name] as Float64Array)[0] = -1
    const other = await copying.data.derive('mean', { window: 2 }, mean)
    expect([values(other, 'mean')[0], values(other, 'close')[0]]).to.deep.equal([
      ['A', 10, 10.5, 11.5],
      ['A', 10, 11, 12]
    ])
  })

  it('is there whatever the request names: no window, a window column that is requested, one that is not; and beside others', async () => {
    const ones = ({ length }: Group) => new Float64Array(length).fill(1)
    const windows: Partial<GroupRequest>[] = [
      {},
      { columns: ['date', 'close'], window: { column: 'date' } },
      { window: { column: 'date' } }
    ]
    for (const window of windows) {
      await using cache = openDataCache()
      const data = await cache.grouped({ dataset: 'bars', version: '1', groupBy: 'symbol', columns: ['close'], ...window }, async () =>
        bars(['A', 'A', 'B'], [1, 2, 3])
      )
      const twice = await (await data.derive('one', {}, ones)).derive('two', {}, ones)
      const requested = window.columns ?? ['close']
      expect(Object.keys(twice.groups.get('A')?.columns ?? {})).to.deep.equal([...requested, 'one', 'two'])
    }
  })

  it('is not taken for another one that only looks alike', async () => {
    await using cache = openDataCache()
    const data = await cache.grouped(request, load)
    class Setting {
      readonly #window: number
      constructor(window: number) {
        this.#window = window
      }
      get window(): number {
        return this.#window
      }
    }
    const filled = ({ length }: Group, { window }: { readonly window: number }) => new Float64Array(length).fill(window)
    for (const params of [new Map([['window', 5]]), new Setting(5), { window: 5n }, { window: Number.NaN }, { window: -0 }, [new Date(0)]])
      expect(await rejection(data.derive('x', params as never, filled))).to.have.property('code', 'DERIVED_PARAMS')
    const bound = filled.bind(undefined)
    expect(await rejection(data.derive('x', { window: 5 }, bound))).to.have.property('code', 'DERIVED_COMPUTE')
    // What JSON leaves out is not there for the code, either.
    const isThere = ({ length }: Group, params: object) => new Float64Array(length).fill('window' in params ? 1 : 0)
    expect((await data.derive('is', { window: undefined }, isThere)).groups.get('A')?.columns.is?.[0]).to.equal(0)
  })

  it('under copy cannot spoil its data, nor can what is sent to a worker thread', async () => {
    await using cache = openDataCache({ isolation: 'copy', shared: true })
    const mine = await cache.grouped(request, load)
    await mine.derive('x', {}, ({ columns, length }) => {
      const close = columns.close as Float64Array
      close[0] = 999
      return new Float64Array(length)
    })
    const { starts, keys } = mine.transfer()
    ;(starts as Int32Array)[1] = 0
    ;(keys as string[])[0] = 'other'
    const others = await cache.grouped(request, load)
    expect([...others.groups].map(([key, { columns }]) => [key, Array.from(columns.close ?? [])])).to.deep.equal(
      [...(await plain()).groups].map(([key, { columns }]) => [key, Array.from(columns.close ?? [])])
    )
  })

  it('of data that was dropped is not given to whoever has loaded it anew', async () => {
    await using cache = openDataCache({ isolation: 'verify' })
    const gate = Promise.withResolvers<void>()
    cache.around(async (key, work) => {
      if (key.includes('late')) await gate.promise
      return work()
    })
    const zeros = ({ length }: Group) => new Float64Array(length)
    const late = await cache.lend('trial', async () => {
      const data = await cache.grouped(request, load)
      ;(data.groups.get('A')?.columns.close as Float64Array)[0] = 999
      return { derived: data.derive('late', {}, zeros) }
    })
    expect(cache.verify('trial')).to.have.lengthOf(1)
    const fresh = (await cache.grouped(request, load)).derive('late', {}, zeros)
    gate.resolve()
    expect((await late.derived).groups.get('A')?.columns.close?.[0]).to.equal(999)
    expect((await fresh).groups.get('A')?.columns.close?.[0]).to.not.equal(999)
  })

  it('of a cache that is switched off is no reason for an alarm', async () => {
    await using cache = openDataCache({ enabled: false, isolation: 'verify' })
    await cache.lend('trial', async () => (await cache.grouped(request, load)).derive('x', {}, ({ length }) => new Float64Array(length)))
    expect(cache.verify('trial')).to.deep.equal([])
  })

  it('is computed each time by a cache that is switched off', async () => {
    await using open = await opened({ enabled: false })
    const first = await open.data.derive('mean', { window: 2 }, mean)
    expect(values(first, 'mean')[1]).to.deep.equal(['B', 50, 49.5])
    expect(open.cache.stats()).to.deep.include({ entries: 0, hits: 0, misses: 2 })
  })
})

describe('transferred data', () => {
  it('is the same memory in a worker thread, with what was derived before', async () => {
    await using open = await opened({ shared: true })
    const derived = await open.data.derive('mean', { window: 2 }, mean)
    const worker = new Worker(new URL('./receiver.ts', import.meta.url), { workerData: derived.transfer() })
    const said = await new Promise<unknown>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    expect(said).to.deep.equal({
      version: '1',
      keys: ['A', 'B'],
      close: [10, 11, 12],
      mean: [10.5, 11.5],
      derive: 'DERIVE_ELSEWHERE'
    })
    // What the worker wrote is seen here.
    expect(open.data.groups.get('B')?.columns.close?.[1]).to.equal(7)
  })

  it('needs shared memory, and a handle', async () => {
    await using open = await opened()
    expect(() => open.data.transfer()).to.throw('shared: true')
    expect(() => receiveGroups({} as never)).to.throw('Expected what `transfer()` returned')
  })
})

describe('a large table', () => {
  it('is grouped in turns, says how far it is, and stops when its caller leaves', async () => {
    const table = universe(400, 2_520, 'by day', 'dictionary')
    const large = { dataset: 'large', version: '1', groupBy: 'symbol', columns: ['open', 'high', 'low', 'close'] }
    await using cache = openDataCache()
    const shares: number[] = []
    let ticks = 0
    const ticking = setInterval(() => ticks++, 1)
    const { groups } = await cache.grouped(large, async () => table, { onProgress: share => void shares.push(share) })
    clearInterval(ticking)
    expect(groups.size).to.equal(400)
    expect(Array.from(groups.get('SYM0007')?.columns.close?.subarray(0, 2) ?? [])).to.deep.equal([4 + 7 / 7, 4 + 407 / 7])
    expect(shares.length).to.be.above(2)
    expect(shares).to.deep.equal(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).to.equal(1)
    expect(ticks).to.be.above(1)
    const leave = new AbortController()
    const left = cache.grouped({ ...large, version: '2' }, async () => table, {
      signal: leave.signal,
      onProgress: () => leave.abort(new Error('left'))
    })
    expect(await rejection(left)).to.have.property('message', 'left')
    expect(cache.stats().entries).to.equal(1)
  })
})

async function plain(): Promise<GroupedData> {
  await using cache = openDataCache({ enabled: false })
  return cache.grouped(request, load)
}
