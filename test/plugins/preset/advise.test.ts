import { expect } from 'chai'
import { advise, type CacheStats } from 'rxtuna'

const stats = (change: Partial<CacheStats>): CacheStats => ({
  hits: 0,
  misses: 0,
  joined: 0,
  evictions: 0,
  entries: 0,
  bytes: 0,
  savedMs: 0,
  ...change
})
const data = (hits: number, misses: number, used: number, evictions = 0): readonly string[] =>
  advise(stats({ hits, misses, bytes: used, maxBytes: 100, evictions }))
const lists = (hits: number, misses: number, entries: number, evictions = 0): readonly string[] =>
  advise(stats({ hits, misses, entries, maxEntries: 100, evictions }))

describe('advise', () => {
  it('says nothing of a cache that nobody asked, and does not judge one that was asked a few times', () => {
    expect(data(0, 0, 0)).to.deep.equal([])
    expect(data(3, 6, 20)).to.deep.equal(['3 of 9 calls were hits: too few to judge.'])
  })

  it('judges hit rates by the kind of limit', () => {
    const verdict = ([sentence]: readonly string[]): string | undefined => /: (\w+)/.exec(sentence ?? '')?.[1]
    expect([0.95, 0.9, 0.85, 0.7, 0.69].map(rate => verdict(data(1000 * rate, 1000 * (1 - rate), 60)))).to.deep.equal([
      'excellent',
      'good',
      'good',
      'good',
      'poor'
    ])
    expect([0.85, 0.8, 0.5, 0.4].map(rate => verdict(lists(1000 * rate, 1000 * (1 - rate), 60)))).to.deep.equal([
      'excellent',
      'good',
      'good',
      'poor'
    ])
  })

  it('says what may be wrong where few calls are hits', () => {
    expect(data(10, 990, 95, 400)).to.deep.equal([
      '1 % of 1,000 calls were hits: poor, with 400 evictions. Raise `maxBytes`, or ask for fewer columns.',
      '95 % of `maxBytes` is used: full. A higher limit may bring more hits.'
    ])
    expect(lists(10, 990, 100, 400)[0]).to.include('Raise `maxEntries`.')
    expect(data(10, 990, 20)[0]).to.include('Does the version change between calls')
  })

  it('says how full it is', () => {
    const room = (used: number): string | undefined => data(99, 1, used)[1]
    expect([10, 50, 90, 91].map(room)).to.deep.equal([
      '10 % of `maxBytes` is used: it could be lower.',
      '50 % of `maxBytes` is used: healthy.',
      '90 % of `maxBytes` is used: healthy.',
      '91 % of `maxBytes` is used: full, and it does no harm.'
    ])
  })

  it('does not judge what has steps or tiers by one rate, and refuses what is no statistics', () => {
    expect(advise(stats({ hits: 390, misses: 210, tiers: { indicators: 196, signals: 194 }, bytes: 60, maxBytes: 100 }))).to.deep.equal([
      '65 % of 600 calls were hits: indicators 196, signals 194.',
      '60 % of `maxBytes` is used: healthy.'
    ])
    for (const other of [undefined, {}, { stats: () => stats({}) }])
      expect(() => advise(other as never))
        .to.throw()
        .with.property('code', 'ADVISE_STATS')
  })
})
