import { StudyError } from '@rxtuna/core'
import { type GroupedData, type GroupRequest, openDataCache } from '@rxtuna/data-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { rejection } from './rejection.ts'
import { bars } from './tables.ts'

const request: GroupRequest = { dataset: 'bars', version: '1', groupBy: 'symbol', columns: ['close'] }
const of = (change: Partial<GroupRequest>): GroupRequest => ({ ...request, ...change })
/** Two rows of a double each: an entry of 16 bytes. */
const table = bars(['A', 'A'], [1, 2])
const load = async (): Promise<Table> => table

/** Writes where the types forbid it. */
function spoil(data: GroupedData): void {
  const close = data.groups.get('A')?.columns.close as Float64Array
  close[0] = -1
}
const first = (data: GroupedData): number | undefined => data.groups.get('A')?.columns.close?.[0]

describe('the data cache', () => {
  it('loads and groups a request once, and hands all callers the same data', async () => {
    await using cache = openDataCache()
    const data = await cache.grouped(request, load)
    expect(await cache.grouped(of({ groupBy: ['symbol'] }), () => expect.fail('loaded twice'))).to.equal(data)
    expect(cache.stats()).to.include({ hits: 1, misses: 1, joined: 0, entries: 1, bytes: 16, maxBytes: 2 * 2 ** 30, savedEstimated: true })
    expect(data.byteLength).to.equal(16)
  })

  it('loads once for callers that come together, and the others count as joined', async () => {
    await using cache = openDataCache()
    let loads = 0
    const gate = Promise.withResolvers<Table>()
    const callers = [1, 2, 3].map(() =>
      cache.grouped(request, () => {
        loads++
        return gate.promise
      })
    )
    gate.resolve(table)
    expect(new Set(await Promise.all(callers)).size).to.equal(1)
    expect(loads).to.equal(1)
    expect(cache.stats()).to.include({ hits: 0, misses: 1, joined: 2 })
  })

  it('gives another dataset, version, grouping, column set or window its own entry', async () => {
    await using cache = openDataCache()
    const window = { column: 'date' }
    const requests = [
      request,
      of({ dataset: 'daily' }),
      of({ version: '2' }),
      of({ groupBy: ['symbol', 'symbol'] }),
      of({ columns: ['date'] }),
      of({ columns: ['close', 'date'] }),
      of({ columns: ['date', 'close'] }),
      of({ window }),
      of({ window: { ...window, from: 0 } }),
      of({ window: { ...window, from: 1 } }),
      of({ window: { ...window, to: 1 } }),
      of({ window: { ...window, from: 0, to: 1 } })
    ]
    const all = new Set<GroupedData>()
    for (const one of [...requests, ...requests]) all.add(await cache.grouped(one, load))
    expect(all.size).to.equal(requests.length)
    expect(cache.stats()).to.include({ hits: requests.length, misses: requests.length })
  })

  it('serves the second window its own rows, not those of the first', async () => {
    await using cache = openDataCache()
    const rows = async (from: number, to: number) =>
      (await cache.grouped(of({ window: { column: 'date', from, to } }), load)).groups.get('A')?.length
    expect(await rows(0, 1)).to.equal(1)
    expect(await rows(0, 2)).to.equal(2)
  })

  it('evicts older versions of a dataset first, then the least recently used, by bytes', async () => {
    await using cache = openDataCache({ maxBytes: 48 })
    const evicted: string[] = []
    const invalid: string[] = []
    cache.events.on('evict', ({ key, reason }) => evicted.push(`${JSON.parse(key).slice(0, 2).join(' ')} ${reason}`))
    cache.events.on('invalidate', ({ key, reason }) => invalid.push(`${JSON.parse(key).slice(0, 2).join(' ')} ${reason}`))
    await cache.grouped(of({ dataset: 'b' }), load)
    await cache.grouped(of({ dataset: 'a' }), load)
    await cache.grouped(of({ dataset: 'a', version: '2' }), load)
    expect(invalid).to.deep.equal(['a 1 version'])
    await cache.grouped(of({ dataset: 'c' }), load)
    await cache.grouped(of({ dataset: 'b' }), load)
    await cache.grouped(of({ dataset: 'd' }), load)
    expect(evicted).to.deep.equal(['a 1 version', 'a 2 size'])
    expect(cache.stats()).to.include({ bytes: 48, entries: 3, evictions: 2 })
  })

  it('returns an entry over the limit and does not keep it, nor evicts anything for it', async () => {
    await using cache = openDataCache({ maxBytes: 20 })
    await cache.grouped(request, load)
    const large = await cache.grouped(of({ dataset: 'large' }), async () => bars(['A', 'A', 'A'], [1, 2, 3]))
    expect(large.groups.get('A')?.length).to.equal(3)
    expect(cache.stats()).to.include({ entries: 1, bytes: 16, evictions: 0 })
  })

  it('does not keep an error, of the load or of the grouping', async () => {
    await using cache = openDataCache()
    const failing = () => cache.grouped(request, async () => Promise.reject(new Error('no disk')))
    expect((await Promise.all([rejection(failing()), rejection(failing())])).map(String)).to.deep.equal([
      'Error: no disk',
      'Error: no disk'
    ])
    expect(await rejection(cache.grouped(request, async () => table.select(['close'])))).to.have.property('code', 'COLUMN_MISSING')
    expect(first(await cache.grouped(request, load))).to.equal(1)
  })

  it('lets an aborted caller leave, stops the load when the last has left, and keeps nothing of it', async () => {
    await using cache = openDataCache()
    const gate = Promise.withResolvers<Table>()
    const signals: AbortSignal[] = []
    const slow = (signal: AbortSignal): Promise<Table> => {
      signals.push(signal)
      return gate.promise
    }
    const callers = [new AbortController(), new AbortController()]
    const left = callers.map(({ signal }) => rejection(cache.grouped(request, slow, { signal })))
    callers[0]?.abort('one')
    expect(signals[0]?.aborted).to.equal(false)
    callers[1]?.abort('two')
    expect(await Promise.all(left)).to.deep.equal(['one', 'two'])
    expect(signals[0]?.aborted).to.equal(true)
    gate.resolve(bars(['A'], [99]))
    await new Promise(setImmediate)
    expect(cache.stats().entries).to.equal(0)
    expect(first(await cache.grouped(request, load))).to.equal(1)
    expect(signals.length).to.equal(1)
  })

  it('loads and groups at every call when it is switched off', async () => {
    await using cache = openDataCache({ enabled: false })
    const [one, other] = await Promise.all([cache.grouped(request, load), cache.grouped(request, load)])
    expect(one).to.not.equal(other)
    expect(first(one)).to.equal(first(other))
    expect(cache.stats()).to.include({ hits: 0, misses: 2, joined: 0, entries: 0, bytes: 0, savedMs: 0 })
  })

  it('puts all columns of an entry into one shared buffer when asked to', async () => {
    await using cache = openDataCache({ shared: true })
    const data = await cache.grouped(of({ columns: ['close', 'date'] }), load)
    const columns = data.groups.get('A')?.columns as Record<string, Float64Array>
    expect(columns.close?.buffer).to.be.instanceOf(SharedArrayBuffer)
    expect(columns.date?.buffer).to.equal(columns.close?.buffer)
    expect([...(columns.close ?? [])]).to.deep.equal([1, 2])
  })

  it("hands out copies under isolation 'copy', so that nobody else's data changes", async () => {
    for (const shared of [false, true]) {
      await using cache = openDataCache({ isolation: 'copy', shared })
      const callers = await Promise.all([cache.grouped(request, load), cache.grouped(request, load)])
      callers.push(await cache.grouped(request, load))
      for (const data of callers) spoil(data)
      expect(first(await cache.grouped(request, load))).to.equal(1)
      expect(cache.stats()).to.include({ misses: 1 })
    }
  })

  it("checks under 'verify' by default where NODE_ENV is test, and elsewhere trusts the types", () => {
    const before = process.env.NODE_ENV
    try {
      process.env.NODE_ENV = 'test'
      expect(openDataCache().isolation).to.equal('verify')
      process.env.NODE_ENV = 'production'
      expect(openDataCache().isolation).to.equal('types')
      delete process.env.NODE_ENV
      expect(openDataCache().isolation).to.equal('types')
      expect(openDataCache({ isolation: 'copy' }).isolation).to.equal('copy')
    } finally {
      if (before === undefined) delete process.env.NODE_ENV
      else process.env.NODE_ENV = before
    }
  })

  it('forgets all when it is cleared, also what was being loaded then', async () => {
    await using cache = openDataCache()
    const heard: unknown[] = []
    cache.events.on('invalidate', ({ reason }) => heard.push(reason))
    const data = await cache.grouped(request, load)
    const gate = Promise.withResolvers<Table>()
    const slow = cache.grouped(of({ dataset: 'slow' }), () => gate.promise)
    cache.clear()
    gate.resolve(table)
    await slow
    expect(heard).to.deep.equal(['manual'])
    expect(cache.stats()).to.include({ hits: 0, misses: 0, entries: 0, bytes: 0 })
    expect(await cache.grouped(request, load)).to.not.equal(data)
  })

  it('puts wraps around each load, with its grouping', async () => {
    await using cache = openDataCache()
    const log: string[] = []
    using _wrap = cache.around(async (key, next) => {
      log.push(key)
      return next()
    })
    await cache.grouped(request, load)
    await cache.grouped(request, load)
    expect(log).to.deep.equal(['["bars","1",["symbol"],["close"]]'])
  })

  it('refuses with a sentence what is no request and no option, and any call once it is closed', async () => {
    const cache = openDataCache()
    const code = async (change: Partial<GroupRequest>) => {
      const error = await rejection(cache.grouped(of(change), load))
      expect(error).to.be.instanceOf(StudyError)
      expect((error as StudyError).message).to.match(/^Expected .+, got .+[.?]$/)
      return (error as StudyError).code
    }
    expect(await code({ dataset: '' })).to.equal('REQUEST_NAME')
    expect(await code({ version: '' })).to.equal('REQUEST_NAME')
    expect(await code({ groupBy: [] })).to.equal('REQUEST_LIST')
    expect(await code({ columns: [] })).to.equal('REQUEST_LIST')
    expect(await code({ window: { column: 'date', from: Number.NaN } })).to.equal('WINDOW_BOUND')
    expect(await code({ window: { column: 'date', from: 2, to: 1 } })).to.equal('WINDOW_EMPTY')
    expect(() => openDataCache({ maxBytes: 0 })).to.throw(StudyError, 'maxBytes')
    expect(() => openDataCache({ maxBytes: Number.NaN })).to.throw(StudyError, 'maxBytes')
    expect(() => openDataCache({ isolation: 'none' as 'types' })).to.throw(StudyError, "'verify'")
    await cache[Symbol.asyncDispose]()
    expect(await code({})).to.equal('DATA_CACHE_CLOSED')
  })
})

describe("isolation 'verify'", () => {
  it('finds written data when its user has ended, drops it, and names everybody who had it since it was last found intact', async () => {
    await using cache = openDataCache({ isolation: 'verify' })
    const heard: unknown[] = []
    cache.events.on('invalidate', ({ reason }) => heard.push(reason))
    const use = (user: string) => cache.lend(user, () => cache.grouped(request, load))
    await use('s/0')
    expect(cache.verify('s/0')).to.deep.equal([])
    await use('s/1')
    const data = await use('s/2')
    spoil(data)
    expect(cache.verify('s/1')).to.deep.equal([
      { key: '["bars","1",["symbol"],["close"]]', dataset: 'bars', users: ['s/1', 's/2'], atLarge: false }
    ])
    expect(heard).to.deep.equal(['written'])
    expect(cache.verify('s/2')).to.deep.equal([])
    expect(first(await use('s/3'))).to.equal(1)
    expect(cache.stats()).to.include({ misses: 2 })
  })

  it('knows a user across awaits, and two users that run at once apart', async () => {
    await using cache = openDataCache({ isolation: 'verify' })
    const gate = Promise.withResolvers<void>()
    const work = async (dataset: string, write: boolean) => {
      await gate.promise
      const data = await cache.grouped(of({ dataset }), load)
      if (write) spoil(data)
    }
    const runs = [cache.lend('s/1', () => work('a', true)), cache.lend('s/2', () => work('b', false))]
    gate.resolve()
    await Promise.all(runs)
    expect(cache.verify('s/2')).to.deep.equal([])
    expect(cache.verify('s/1').map(({ users }) => users)).to.deep.equal([['s/1']])
  })

  it('also checks what was handed out where no user was known, whoever ends', async () => {
    await using cache = openDataCache({ isolation: 'verify' })
    const data = await cache.grouped(request, load)
    expect(cache.verify('s/1')).to.deep.equal([])
    spoil(data)
    expect(cache.verify('s/2')).to.deep.include({ key: '["bars","1",["symbol"],["close"]]', dataset: 'bars', users: [], atLarge: true })
    expect(cache.verify('s/3')).to.deep.equal([])
  })

  it('sees any changed bit, also of a column of bytes and of an entry that was evicted meanwhile', async () => {
    await using cache = openDataCache({ isolation: 'verify', maxBytes: 16 })
    const data = await cache.lend('s/1', () => cache.grouped(request, load))
    await cache.grouped(of({ dataset: 'other' }), load)
    const close = data.groups.get('A')?.columns.close as Float64Array
    const words = new Uint8Array(close.buffer)
    words[15] = (words[15] ?? 0) ^ 1
    expect(cache.verify('s/1').length).to.equal(1)
  })

  it('keeps fewer bytes from now on, or more, when it is resized, what was derived leaving with its source', async () => {
    await using cache = openDataCache({ isolation: 'types' })
    const [a, b] = [await cache.grouped(of({ dataset: 'a' }), load), await cache.grouped(of({ dataset: 'b' }), load)]
    await a.derive('double', {}, ({ columns }) => Float64Array.from(columns.close ?? [], value => 2 * value))
    await cache.grouped(of({ dataset: 'c' }), load)
    expect(cache.stats().bytes).to.equal(64)
    cache.resize(50)
    expect(cache.stats()).to.include({ bytes: 48, entries: 3, maxBytes: 50, evictions: 1 })
    expect(await cache.grouped(of({ dataset: 'a' }), () => expect.fail('loaded'))).to.equal(a)
    expect(await cache.grouped(of({ dataset: 'b' }), load)).to.not.equal(b)
    expect(cache.stats().bytes).to.be.at.most(50)
    cache.resize(16)
    expect(cache.stats()).to.include({ bytes: 16, entries: 1, maxBytes: 16 })
    cache.resize(1)
    expect(cache.stats()).to.include({ bytes: 0, entries: 0 })
    cache.resize(1e9)
    await cache.grouped(of({ dataset: 'a' }), load)
    expect(cache.stats()).to.include({ bytes: 16, entries: 1, maxBytes: 1e9 })
    expect(() => cache.resize(Number.NaN))
      .to.throw()
      .with.property('code', 'MAX_BYTES')
  })
})
