import { CacheMeter } from '@rxtuna/core/cache'
import { expect } from 'chai'

const size = { entries: 0, bytes: 0 }

describe('CacheMeter', () => {
  it('counts saved time as hits times the median of repeated loads, and leaves the cold one out', () => {
    const meter = new CacheMeter()
    const kind = meter.kind('prices')
    for (const ms of [1000, 10, 30, 20]) meter.loaded('k', kind, ms, 0)
    for (let i = 0; i < 5; i++) meter.hit('k', kind)
    const stats = meter.stats(size)
    expect(stats.savedMs).to.equal(5 * 20)
    expect(stats.savedEstimated).to.equal(undefined)
  })

  it('takes the mean of the middle two of an even number of loads', () => {
    const meter = new CacheMeter()
    const kind = meter.kind('prices')
    for (const ms of [1000, 10, 20]) meter.loaded('k', kind, ms, 0)
    meter.hit('k', kind)
    expect(meter.stats(size).savedMs).to.equal(15)
  })

  it('marks saved time as estimated while some kind with hits was loaded only once', () => {
    const meter = new CacheMeter()
    const once = meter.kind('once')
    meter.loaded('a', once, 40, 0)
    expect(meter.stats(size).savedEstimated).to.equal(undefined)
    meter.hit('a', once)
    meter.hit('a', once)
    expect(meter.stats(size)).to.include({ savedMs: 80, savedEstimated: true })
    meter.loaded('a', once, 10, 0)
    expect(meter.stats(size).savedMs).to.equal(20)
    expect(meter.stats(size).savedEstimated).to.equal(undefined)
  })

  it('follows a load that has become slower: the median runs over the latest loads', () => {
    const meter = new CacheMeter()
    const kind = meter.kind('prices')
    for (let i = 0; i < 100; i++) meter.loaded('k', kind, 1, 0)
    for (let i = 0; i < 63; i++) meter.loaded('k', kind, 9, 0)
    meter.hit('k', kind)
    expect(meter.stats(size).savedMs).to.equal(9)
    expect(kind.loads).to.equal(163)
  })

  it('counts hits, misses, joined callers, evictions and tiers, and starts anew after reset but remembers load times', () => {
    const meter = new CacheMeter()
    const kind = meter.kind('prices')
    meter.loaded('k', kind, 5, 0)
    meter.loaded('k', kind, 7, 0)
    meter.miss('k')
    meter.join()
    meter.join()
    meter.hit('k', kind, 'hot')
    meter.hit('k', kind, 'cold')
    meter.hit('k', kind, 'hot')
    meter.evicted('k', 'size')
    expect(meter.stats({ entries: 1, bytes: 8, maxBytes: 9 })).to.deep.equal({
      hits: 3,
      misses: 1,
      joined: 2,
      evictions: 1,
      savedMs: 21,
      tiers: { hot: 2, cold: 1 },
      entries: 1,
      bytes: 8,
      maxBytes: 9
    })
    meter.reset()
    expect(meter.stats(size)).to.deep.equal({ hits: 0, misses: 0, joined: 0, evictions: 0, savedMs: 0, ...size })
    meter.hit('k', kind)
    expect(meter.stats(size).savedMs).to.equal(7)
  })

  it('tells its listeners what happened, and builds no event when there are none', () => {
    const meter = new CacheMeter()
    const kind = meter.kind('prices')
    // Sees that an event is sent, whoever listens.
    let sent = 0
    const emit = meter.events.emit
    meter.events.emit = function (this: typeof meter.events, ...of: unknown[]) {
      sent++
      return Reflect.apply(emit, this, of)
    } as typeof emit
    const everything = () => {
      meter.hit('k', kind)
      meter.miss('k')
      meter.loaded('k', kind, 3, 4)
      meter.evicted('k', 'version')
      meter.invalidated('k', 'manual')
    }
    everything()
    expect(sent).to.equal(0)
    const heard: unknown[] = []
    for (const type of ['hit', 'miss', 'load', 'evict', 'invalidate'] as const)
      meter.events.on(type, (event: unknown) => heard.push([type, event]))
    everything()
    expect(heard).to.deep.equal([
      ['hit', { key: 'k' }],
      ['miss', { key: 'k' }],
      ['load', { key: 'k', ms: 3, bytes: 4 }],
      ['evict', { key: 'k', reason: 'version' }],
      ['invalidate', { key: 'k', reason: 'manual' }]
    ])
  })
})
