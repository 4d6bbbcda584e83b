import { unlinkSync, writeFileSync } from 'node:fs'
import type { TieredCache } from '@rxtuna/tiered-cache'
import { expect } from 'chai'
import { bars, closes, daily, failures, rejection, workspace } from './workspace.ts'

const day = 86_400_000
const newYear = Date.UTC(2024, 0, 1)

describe('what a tiered cache tells', () => {
  it('of an entry: its request, file, size, uses and times', async () => {
    await using space = workspace()
    let now = newYear
    const cache = await space.open({ clock: () => now })
    const request = { ...daily('B', 'A', 'A'), extra: { adjustment: 'splits' } }
    await cache.put(request, bars(1, 50))
    const key = cache.key(request)
    now += 5_000
    await cache.get(key)
    const entry = await cache.lookup(key)
    expect(entry).to.deep.include({
      key,
      rows: 50,
      accessCount: 2,
      request: { ...request, symbols: ['A', 'B'] },
      loadedAt: new Date(newYear)
    })
    expect(entry).to.not.have.property('loadMs')
    expect([entry?.path]).to.deep.equal(space.files())
    expect(entry?.checksum).to.match(/^[0-9a-f]{64}$/)
    expect(entry?.bytes).to.equal(cache.stats().bytes)
    expect(entry?.lastAccessed.getTime()).to.be.closeTo(now, 1)
    expect(cache.key(entry?.request ?? daily())).to.equal(key)
    expect(await cache.lookup('unknown')).to.equal(undefined)
    await cache.getOrLoad(daily('C'), async () => bars(2))
    expect((await cache.lookup(cache.key(daily('C'))))?.loadMs).to.be.a('number')
    expect((await rejection(cache.lookup('../x'))).code).to.equal('TIERED_KEY')
  })

  it('of its backtests: who used it, and since when', async () => {
    await using space = workspace()
    let now = newYear
    const cache = await space.open({ clock: () => now })
    const load = async () => bars(1)
    await cache.put(daily('A'), bars(1), { backtestId: 'one' })
    now += 1_000
    await cache.getOrLoad(daily('A'), load, { backtestId: 'two' })
    await cache.getOrLoad(daily('A'), load, { backtestId: 'one' })
    const key = cache.key(daily('A'))
    expect(await cache.links(key)).to.deep.equal([
      { backtestId: 'one', linkedAt: new Date(newYear) },
      { backtestId: 'two', linkedAt: new Date(newYear + 1_000) }
    ])
    expect(await cache.backtests(key)).to.deep.equal(['one', 'two'])
    await cache.clear({ backtestId: 'one' })
    expect(await cache.backtests(key)).to.deep.equal(['two'])
    expect(await cache.backtests('unknown')).to.deep.equal([])
  })

  it('of its datasets: those that were registered, and those of sources and resolutions, with what they hold', async () => {
    await using space = workspace()
    const cache = await space.open({ clock: () => newYear })
    const id = await cache.registerDataset({ source: 'exchange', resolution: '1m', schemaVersion: 2 })
    expect(await cache.registerDataset({ source: 'exchange', resolution: '1m', schemaVersion: 2 })).to.equal(id)
    await cache.put(daily('A'), bars(1), { datasetId: id })
    await cache.getOrLoad(daily('B'), async () => bars(2), { datasetId: id })
    await cache.put(daily('C'), bars(3))
    const [registered, own] = await cache.datasets()
    const times = { createdAt: new Date(newYear), updatedAt: new Date(newYear) }
    expect(registered).to.deep.include({ id, source: 'exchange', resolution: '1m', schemaVersion: 2, entries: 2, ...times })
    expect(own).to.deep.include({ source: 'prices', resolution: '1d', schemaVersion: 1, entries: 1 })
    expect((registered?.bytes ?? 0) + (own?.bytes ?? 0)).to.equal(cache.stats().bytes)
    expect((await cache.lookup(cache.key(daily('A'))))?.datasetId).to.equal(id)
    expect((await rejection(cache.put(daily('D'), bars(1), { datasetId: 99 }))).code).to.equal('TIERED_DATASET')
    expect(space.files()).to.have.length(3)
  })

  it('of its days: what all processes recorded, what this one has not yet, and how often entries are used', async () => {
    await using space = workspace()
    let now = newYear
    const clock = () => now
    const other = await space.open({ clock })
    await other.getOrLoad(daily('A'), async () => bars(1))
    await other.getOrLoad(daily('A'), async () => bars(1))
    await other.recordDailyStatistics()
    now += 3 * day
    const cache = await space.open({ clock, hotBytes: 1e6 })
    for (let i = 0; i < 3; i++) await cache.getOrLoad(daily('A'), async () => bars(1))
    const { bytes } = cache.stats()
    const session = { hits: 3, misses: 0, joined: 0, hotHits: 2, coldHits: 1 }
    const first = { day: new Date(newYear), hits: 1, misses: 1, totalBytes: bytes }
    const now3 = { entries: 1, totalBytes: bytes, averageAccessCount: 4, session }
    await other.flush()
    const all = await cache.statistics()
    expect(all).to.deep.include({ hits: 4, misses: 1, hitRate: 0.8, days: [first], session, entries: 1, totalBytes: bytes })
    expect(all.averageAccessCount).to.equal(5)
    expect(await cache.statistics({ to: new Date(newYear + day) })).to.deep.include({ hits: 1, misses: 1, hitRate: 0.5, days: [first] })
    expect(await cache.statistics({ from: new Date(newYear + day) })).to.deep.include({
      ...now3,
      averageAccessCount: 5,
      hits: 3,
      misses: 0,
      days: []
    })
    for (let i = 0; i < 3; i++) await cache.recordDailyStatistics()
    const recorded = await cache.statistics({ from: new Date(now) })
    expect(recorded).to.deep.include({ hits: 3, misses: 0, hitRate: 1 })
    expect(recorded.days).to.deep.equal([{ day: new Date(now), hits: 3, misses: 0, totalBytes: bytes }])
    expect((await cache.statistics({ from: new Date(newYear + 9 * day) })).hitRate).to.equal(0)
  })

  it('of all files: which are damaged, whose entries go, and what dead processes left', async () => {
    await using space = workspace()
    const cache = await space.open()
    const codes = failures(cache)
    const gone: string[] = []
    cache.events.on('invalidate', ({ key, reason }) => gone.push(`${key} ${reason}`))
    for (const name of ['A', 'B', 'C', 'D']) await cache.put(daily(name), bars(1))
    const pathOf = async (name: string) => space.file((await cache.lookup(cache.key(daily(name))))?.path ?? '')
    writeFileSync(await pathOf('B'), 'short')
    unlinkSync(await pathOf('C'))
    const progress: number[] = []
    const { files, bytes, damaged } = await cache.verify({ onProgress: (done, total) => progress.push(done / total) })
    const [b, c] = [cache.key(daily('B')), cache.key(daily('C'))]
    expect({ files, damaged: [...damaged].sort() }).to.deep.equal({ files: 4, damaged: [b, c].sort() })
    expect(gone.sort()).to.deep.equal([`${b} checksum`, `${c} missing`].sort())
    expect(progress).to.deep.equal([0.25, 0.5, 0.75, 1])
    expect(cache.stats()).to.deep.include({ entries: 2, bytes })
    expect(space.files()).to.have.length(2)
    expect(await cache.get(b)).to.equal(undefined)
    expect(await cache.verify()).to.deep.include({ files: 2, damaged: [] })
    expect((await rejection(cache.verify({ signal: AbortSignal.abort(new Error('enough')) }))).message).to.equal('enough')
    expect(codes).to.deep.equal([])
  })

  it('of what to change: nothing before there are calls, then what its tiers do, and which limit is too low', async () => {
    await using space = workspace()
    const cache = await space.open({ hotBytes: 5_000 })
    expect(await cache.advise()).to.deep.equal([])
    await cache.getOrLoad(daily('A'), async () => bars(1))
    expect(await cache.advise()).to.deep.equal(['0 hits in 1 call, 0 from memory and 0 from files: too few to judge.'])
    const ask = async (among: TieredCache) => {
      for (let i = 0; i < 30; i++) await among.getOrLoad(daily(`S${i % 6}`), async () => bars(i))
    }
    await ask(cache)
    const advice = await cache.advise()
    expect(advice[0]).to.equal('24 hits in 31 calls, 0 from memory and 24 from files (77 %).')
    expect(advice[1]).to.match(
      /^Memory is \d+ % full, and \d+ tables had to leave it; 24 hits read a file: raise `hotBytes` if there is memory to spare\.$/
    )
    expect(advice[2]).to.equal('7 files take less than 1 % of `coldBytes`: nothing had to leave.')
    const tight = await space.open({ hotBytes: 0, coldBytes: 5_000 })
    await ask(tight)
    const [, misses, memory, files] = await tight.advise()
    expect(misses).to.equal('No call was a hit: does each ask for something else, or is what it asks for stale?')
    expect(memory).to.match(/^The memory tier is switched off/)
    expect(files).to.match(/had to leave: raise it if they are asked for again, or try `eviction: 'size'`, which keeps more small ones\.$/)
  })

  it('of all entries, the most recently used first', async () => {
    await using space = workspace()
    const cache = await space.open()
    for (const name of ['A', 'B', 'C']) await cache.put(daily(name), bars(1))
    await cache.get(cache.key(daily('A')))
    expect((await cache.entries()).map(({ request }) => request.symbols[0])).to.deep.equal(['A', 'C', 'B'])
  })

  it('of hits and misses that a process counted before it closed', async () => {
    await using space = workspace()
    {
      await using first = await space.open()
      for (let i = 0; i < 4; i++) await first.getOrLoad(daily('A'), () => bars(1))
    }
    expect(await (await space.open()).statistics()).to.deep.include({ hits: 3, misses: 1, hitRate: 0.75 })
  })

  it('what is wrong with a question, and loses nothing by it', async () => {
    await using space = workspace()
    const cache = await space.open()
    const codes = failures(cache)
    await cache.put(daily('A'), bars(1))
    const wrong = [
      () => cache.registerDataset({ source: 'x', resolution: '1d', schemaVersion: Number.NaN }),
      () => cache.registerDataset({ source: 'x' } as never),
      () => cache.link([{ key: cache.key(daily('A')) } as never]),
      () => cache.statistics({ start: new Date() } as never),
      () => cache.resize({ hotByte: 1 } as never),
      () => cache.warm([daily('A')], async () => bars(1), { concurrency: Number.NaN }),
      () => cache.warm(undefined as never, async () => bars(1)),
      () => cache.getOrLoad(daily('B'), undefined as never),
      () => cache.getOrLoad({ ...daily('A'), adjusted: true } as never, async () => bars(2)),
      () => cache.clear({ key: 'a', backtestId: 'b' } as never)
    ]
    for (const ask of wrong) expect((await rejection((async () => ask())())).message, ask.toString()).to.match(/^Expected /)
    expect(codes).to.deep.equal([])
    expect(cache.stats().entries).to.equal(1)
  })

  it('brings the files within the limit when asked, and says what left', async () => {
    await using space = workspace()
    const large = await space.open()
    for (const name of ['A', 'B', 'C']) await large.put(daily(name), bars(1))
    expect(await large.evict()).to.deep.equal([])
    const small = await space.open({ coldBytes: 0 })
    expect(await small.evict()).to.deep.equal([])
    await small.resize({ hotBytes: 1e6 })
    expect(space.files()).to.have.length(3)
    const tiny = await space.open({ coldBytes: 10_000 })
    const gone: string[] = []
    tiny.events.on('evict', ({ key }) => gone.push(key))
    await tiny.resize({ coldBytes: 1 })
    expect(gone.sort()).to.deep.equal(['A', 'B', 'C'].map(name => small.key(daily(name))).sort())
    expect(space.files()).to.deep.equal([])
  })
})

describe('warming a tiered cache', () => {
  it('asks for each table, some at a time, and tells what it found, loaded, and could not', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('S1'), bars(1))
    let running = 0
    let most = 0
    const progress: string[] = []
    const requests = Array.from({ length: 8 }, (_, i) => daily(`S${i}`))
    const load = async ({ symbols: [symbol = ''] }: { readonly symbols: readonly string[] }) => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running--
      if (symbol === 'S5') throw new Error('no such symbol')
      return bars(Number(symbol.slice(1)))
    }
    const warmed = await cache.warm(requests, load, {
      concurrency: 3,
      backtestId: 'b',
      onProgress: (done, total) => progress.push(`${done}/${total}`)
    })
    expect({ ...warmed, failed: warmed.failed.map(({ request, error }) => [request, String(error)]) }).to.deep.equal({
      loaded: 6,
      found: 1,
      failed: [[daily('S5'), 'Error: no such symbol']]
    })
    expect(most).to.equal(3)
    expect(progress).to.deep.equal(Array.from({ length: 8 }, (_, i) => `${i + 1}/8`))
    expect(closes(await cache.get(cache.key(daily('S7'))))).to.deep.equal(closes(bars(7)))
    expect(await cache.backtests(cache.key(daily('S1')))).to.deep.equal(['b'])
    expect(await cache.warm(requests.slice(0, 2), load)).to.deep.equal({ loaded: 0, found: 2, failed: [] })
    expect(await cache.warm([], load)).to.deep.equal({ loaded: 0, found: 0, failed: [] })
  })

  it('waits for tables that are stale, though they would be handed out at once', async () => {
    await using space = workspace()
    let now = newYear
    const cache = await space.open({ clock: () => now, freshness: () => now + 1, revalidateMs: day })
    const stale = await space.open({ clock: () => now, freshness: (_, loadedAt) => loadedAt + 1_000, revalidateMs: day })
    const requests = Array.from({ length: 12 }, (_, i) => daily(`S${i}`))
    await cache.warm(requests, () => bars(1))
    now += 5_000
    let running = 0
    let most = 0
    const load = async () => {
      most = Math.max(most, ++running)
      await new Promise(resolve => setImmediate(resolve))
      running--
      return bars(2)
    }
    expect(await stale.warm(requests, load, { concurrency: 3 })).to.deep.equal({ loaded: 12, found: 0, failed: [] })
    expect(most).to.equal(3)
    now += 5_000
    const failing = await stale.warm(requests.slice(0, 1), async () => {
      throw new Error('503')
    })
    expect([failing.loaded, failing.found, failing.failed.length]).to.deep.equal([0, 0, 1])
  })

  it("ends with its signal's reason", async () => {
    await using space = workspace()
    const cache = await space.open()
    const abort = new AbortController()
    let loads = 0
    const warming = cache.warm(
      [daily('A'), daily('B'), daily('C')],
      async () => {
        if (++loads === 2) abort.abort(new Error('enough'))
        return bars(1)
      },
      { concurrency: 1, signal: abort.signal }
    )
    expect((await rejection(warming)).message).to.equal('enough')
    expect(loads).to.equal(2)
  })
})
