import { freshness as policies, type TableRequest, type TieredCache } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { bars, closes, daily, gate, rejection, source, workspace } from './workspace.ts'

const { hybrid, neverStale, sessions, ttl, untilMarketClose } = policies
const hour = 3_600_000
const monday = Date.UTC(2024, 0, 8)
const at = (days: number, time: number): number => monday + days * 24 * hour + time * hour
/** Monday and Tuesday, from 14:30 to 21:00. */
const calendar = sessions([1, 0].map(day => ({ open: new Date(at(day, 14.5)), close: new Date(at(day, 21)) })))
const of = (resolution: string): TableRequest => ({ ...daily('A'), resolution })

/** The number of the `bars` that a table is. */
const which = (table: Table | undefined): number | undefined => [1, 2, 3].find(number => closes(table)[0] === closes(bars(number))[0])

describe('freshness', () => {
  it('is for ever, unless something else is asked for', () => {
    expect(neverStale(daily('A'), 0)).to.equal(Number.POSITIVE_INFINITY)
  })

  it('is a day for daily bars, five minutes for those of minutes, and an hour for others, or what the user says', () => {
    const times = (freshness = ttl()) =>
      ['1d', '1h', '5m', '1m', '2w', 'constructor'].map(resolution => freshness(of(resolution), 1000) - 1000)
    expect(times()).to.deep.equal([24 * hour, hour, 300_000, 300_000, hour, hour])
    expect(times(ttl({ '1d': 5, '2w': 7 }))).to.deep.equal([5, hour, 300_000, 300_000, 7, hour])
    expect(() => ttl({ '1d': Number.NaN })).to.throw(
      /^Expected the time of tables of the resolution "1d" to be milliseconds, 0 or more, got NaN/
    )
  })

  it('ends with the next close of the market, or after a day where the calendar ends', () => {
    const until = untilMarketClose(calendar)
    expect([at(0, 0), at(0, 20), at(0, 21), at(1, 15)].map(time => until(daily('A'), time))).to.deep.equal([
      ...[at(0, 21), at(0, 21), at(1, 21), at(1, 21)]
    ])
    expect(until(daily('A'), at(1, 22))).to.equal(at(2, 22))
  })

  it('ends after a while when the market is open, and with its opening when it is closed', () => {
    const until = hybrid(calendar)
    expect([at(0, 3), at(0, 15), at(0, 20.98), at(0, 21)].map(time => until(of('5m'), time))).to.deep.equal([
      ...[at(0, 14.5), at(0, 15) + 300_000, at(0, 21), at(1, 14.5)]
    ])
    expect(until(of('1h'), at(1, 22))).to.equal(at(1, 23))
  })
})

describe('a table that goes stale', () => {
  const freshness = ttl({ '1d': 1_000 })
  /** A cache whose time is moved by hand, and its `stale` events. */
  const staleness = (cache: TieredCache) => {
    const seen: { readonly ageMs: number; readonly error?: string }[] = []
    cache.events.on('stale', ({ ageMs, error }) => seen.push({ ageMs, ...(error instanceof Error && { error: error.message }) }))
    return seen
  }

  for (const [tier, hotBytes] of [
    ['memory', 1e6],
    ['a file', 0]
  ] as const) {
    it(`is loaded anew when it was in ${tier}, and counts as a miss`, async () => {
      await using space = workspace()
      let now = monday
      const cache = await space.open({ hotBytes, freshness, clock: () => now })
      let loads = 0
      const load = async () => bars(++loads)
      const close = async () => which(await cache.getOrLoad(daily('A'), load))
      await close()
      now += 999
      expect(await close()).to.equal(1)
      now += 1
      expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
      expect(await close()).to.equal(2)
      now += 999
      expect(which(await cache.get(cache.key(daily('A'))))).to.equal(2)
      expect(cache.stats()).to.deep.include({ hits: 2, misses: 3, entries: 1 }).and.to.not.have.property('stale')
      expect(space.files()).to.have.length(1)
    })
  }

  it('is not loaded when another process has loaded it since', async () => {
    await using space = workspace()
    let now = monday
    const clock = () => now
    const [one, other] = [await space.open({ freshness, clock }), await space.open({ freshness, clock })]
    await one.getOrLoad(daily('A'), async () => bars(1))
    now += 5_000
    await other.getOrLoad(daily('A'), async () => bars(2))
    expect(which(await one.getOrLoad(daily('A'), async () => bars(3)))).to.equal(2)
    expect(one.stats()).to.deep.include({ hits: 1, misses: 1 })
  })

  for (const [tier, hotBytes] of [
    ['memory', 1e6],
    ['a file', 0]
  ] as const) {
    it(`is handed out from ${tier} while it is loaded anew once, if that is wanted`, async () => {
      await using space = workspace()
      let now = monday
      const cache = await space.open({ hotBytes, freshness, revalidateMs: 500, clock: () => now })
      const stale = staleness(cache)
      await cache.getOrLoad(daily('A'), async () => bars(1))
      now += 1_200
      const loading = gate()
      const stored = gate()
      let loads = 0
      const load = async () => {
        loads++
        await loading.promise
        return bars(2)
      }
      cache.events.on('load', () => stored.resolve())
      for (let i = 0; i < 3; i++) expect(which(await cache.getOrLoad(daily('A'), load))).to.equal(1)
      loading.resolve()
      await stored.promise
      // Joins what still writes the file.
      expect(which(await cache.getOrLoad(daily('A'), load))).to.be.oneOf([1, 2])
      await cache.flush()
      expect(stale[0]).to.deep.equal({ ageMs: 1_200 })
      expect(loads).to.equal(1)
      const { hits, misses, joined } = cache.stats()
      expect([misses, hits + misses + joined]).to.deep.equal([1, 5])
      // Waits for what runs in the background.
      await cache[Symbol.asyncDispose]()
      const again = await space.open({ freshness, revalidateMs: 500, clock: () => now })
      expect(which(await again.get(again.key(daily('A'))))).to.equal(2)
      now += 1_500
      expect(which(await again.getOrLoad(daily('A'), async () => bars(3)))).to.equal(3)
    })
  }

  it('is better than none when its source fails: it is handed out, says so, and the source is left alone for ten seconds', async () => {
    await using space = workspace()
    let now = monday
    const cache = await space.open({ freshness, clock: () => now })
    const stale = staleness(cache)
    await cache.getOrLoad(daily('A'), async () => bars(1))
    now += 60_000
    let loads = 0
    const down = async () => {
      loads++
      throw new Error('503')
    }
    for (let i = 0; i < 3; i++) expect(which(await cache.getOrLoad(daily('A'), down))).to.equal(1)
    expect(loads).to.equal(1)
    expect(stale).to.deep.equal([{ ageMs: 60_000, error: '503' }, { ageMs: 60_000 }, { ageMs: 60_000 }])
    expect(cache.stats()).to.deep.include({ hits: 2, misses: 2, stale: 3 })
    now += 10_000
    await cache.getOrLoad(daily('A'), down)
    expect(loads).to.equal(2)
    now += 10_000
    expect(which(await cache.getOrLoad(daily('A'), async () => bars(2)))).to.equal(2)
    expect((await rejection(cache.getOrLoad(daily('B'), down))).message).to.equal('503')
    await cache.clear()
    expect(cache.stats()).to.not.have.property('stale')
  })

  it('is not handed out beyond its grace, nor to one who gave up', async () => {
    await using space = workspace()
    let now = monday
    const cache = await space.open({ freshness, graceMs: 2_000, clock: () => now })
    await cache.getOrLoad(daily('A'), async () => bars(1))
    now += 2_999
    const abort = new AbortController()
    const left = cache.getOrLoad(
      daily('A'),
      signal => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
      {
        signal: abort.signal
      }
    )
    abort.abort(new Error('enough'))
    expect((await rejection(left)).message).to.equal('enough')
    const down = source(bars(2))
    const fail = async () => {
      throw new Error('503')
    }
    expect(which(await cache.getOrLoad(daily('A'), fail))).to.equal(1)
    now += 10_001
    expect((await rejection(cache.getOrLoad(daily('A'), fail))).message).to.equal('503')
    expect(which(await cache.getOrLoad(daily('A'), down.load))).to.equal(2)
  })

  it('is not handed out beyond its grace because its source rests, and comes from a source that is well again', async () => {
    await using space = workspace()
    let now = monday
    const cache = await space.open({ freshness, graceMs: 1_000, clock: () => now })
    await cache.getOrLoad(daily('A'), () => bars(1))
    now += 1_500
    const fail = async () => {
      throw new Error('503')
    }
    expect(which(await cache.getOrLoad(daily('A'), fail))).to.equal(1)
    now += 5_000
    expect(which(await cache.getOrLoad(daily('A'), () => bars(2)))).to.equal(2)
  })

  it('leaves a source that fails behind it alone for ten seconds, too, and counts each call once', async () => {
    await using space = workspace()
    let now = monday
    const cache = await space.open({ freshness, graceMs: 0, revalidateMs: 60_000, clock: () => now })
    const failed = gate()
    const messages: string[] = []
    cache.events.on('fail', ({ error }) => {
      messages.push(error.message)
      failed.resolve()
    })
    await cache.getOrLoad(daily('A'), () => bars(1))
    now += 1_500
    let loads = 0
    const fail = async () => {
      loads++
      throw new Error('503')
    }
    await cache.getOrLoad(daily('A'), fail)
    await failed.promise
    for (let i = 0; i < 20; i++) expect(which(await cache.getOrLoad(daily('A'), fail))).to.equal(1)
    expect({ loads, messages, stale: cache.stats().stale }).to.deep.equal({ loads: 1, messages: ['503'], stale: 21 })
  })

  it('is one that was loaded in what is the future now, because the clock was set back', async () => {
    await using space = workspace()
    let now = monday + 365 * 24 * hour
    const cache = await space.open({ freshness, clock: () => now })
    await cache.getOrLoad(daily('A'), () => bars(1))
    now = monday
    expect(which(await cache.getOrLoad(daily('A'), () => bars(2)))).to.equal(2)
    now += 10
    expect(which(await cache.getOrLoad(daily('A'), () => bars(3)))).to.equal(2)
  })

  it('is judged by the limits of whoever asks: a later policy sees what an earlier one stored', async () => {
    await using space = workspace()
    let now = monday
    const clock = () => now
    {
      await using first = await space.open({ clock })
      await first.put(daily('A'), bars(1))
    }
    now += 5_000
    const strict = await space.open({ clock, freshness })
    const found = source(bars(2))
    await strict.getOrLoad(daily('A'), found.load)
    expect(found.loads).to.equal(1)
    const wrong = await space.open({ clock, freshness: () => Number.NaN })
    expect((await rejection(wrong.getOrLoad(daily('A'), found.load))).message).to.match(/^Expected `freshness` to return milliseconds/)
  })
})
