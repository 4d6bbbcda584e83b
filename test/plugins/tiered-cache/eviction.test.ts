import { statSync } from 'node:fs'
import type { Eviction, TieredCache } from '@rxtuna/tiered-cache'
import { expect } from 'chai'
import { bars, daily, type Workspace, workspace } from './workspace.ts'

/** Rows of each table, in the order of their last use. */
const rows = { old: 400, small: 100, big: 2000, middle: 800, recent: 600 }
const names = Object.keys(rows) as (keyof typeof rows)[]

async function filled(space: Workspace, eviction: Eviction): Promise<TieredCache> {
  const cache = await space.open({ eviction })
  for (const name of names) await cache.put(daily(name), bars(1, rows[name]))
  return cache
}

async function left(space: Workspace): Promise<readonly string[]> {
  const found = await space.rows(`SELECT json_extract(request, '$.symbols[0]') AS name FROM cache_entries ORDER BY rowid`)
  return found.map(({ name }) => String(name))
}

/** Evicts down to what the named entries weigh. */
async function shrinkTo(cache: TieredCache, space: Workspace, kept: readonly string[]): Promise<void> {
  const sizes = await space.rows(`SELECT json_extract(request, '$.symbols[0]') AS name, size_bytes AS bytes FROM cache_entries`)
  const coldBytes = sizes.filter(({ name }) => kept.includes(String(name))).reduce((sum, { bytes }) => sum + Number(bytes), 0)
  await cache.resize({ coldBytes })
}

describe('eviction', () => {
  for (const [eviction, order] of [
    ['lru', ['old', 'small', 'big', 'middle', 'recent']],
    ['size', ['big', 'middle', 'recent', 'old', 'small']],
    // The older half, largest first; then the rest by use.
    ['hybrid', ['big', 'old', 'small', 'middle', 'recent']]
  ] as const) {
    it(`takes ${order.join(', ')} with "${eviction}"`, async () => {
      for (let gone = 1; gone <= order.length; gone++) {
        await using space = workspace()
        const cache = await filled(space, eviction)
        const kept = order.slice(gone)
        await shrinkTo(cache, space, kept)
        expect([...(await left(space))].sort()).to.deep.equal([...kept].sort())
        expect(cache.stats().evictions).to.equal(gone)
      }
    })
  }

  it('ranks by uses that are not written yet', async () => {
    await using space = workspace()
    const cache = await filled(space, 'lru')
    await cache.get(cache.key(daily('old')))
    await shrinkTo(cache, space, ['big', 'middle', 'recent', 'old'])
    expect(await left(space)).to.deep.equal(['old', 'big', 'middle', 'recent'])
  })

  for (const eviction of ['lru', 'size', 'hybrid'] as const) {
    it(`keeps the files within the limit after each put with "${eviction}", the entry just put among them`, async () => {
      await using space = workspace()
      const coldBytes = 20_000
      const cache = await space.open({ coldBytes, eviction })
      const evicted: string[] = []
      cache.events.on('evict', ({ key, reason }) => evicted.push(`${key} ${reason}`))
      for (let i = 0; i < 20; i++) {
        await cache.put(daily(`S${i}`), bars(i, 100 + ((i * 37) % 9) * 100))
        const bytes = space.files().reduce((sum, name) => sum + statSync(space.file(name)).size, 0)
        expect(bytes).to.be.at.most(coldBytes).and.to.equal(cache.stats().bytes)
        expect(await left(space)).to.include(`S${i}`)
      }
      expect(evicted)
        .to.have.length(cache.stats().evictions)
        .and.to.have.length(20 - cache.stats().entries)
      expect(evicted[0]).to.match(/ size$/)
    })
  }

  it('takes the entry out of memory and its links away too', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('A'), bars(1), { backtestId: 'one' })
    await cache.resize({ coldBytes: 0 })
    expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
    expect(await space.rows('SELECT * FROM backtest_cache_links')).to.deep.equal([])
    expect(space.files()).to.deep.equal([])
  })
})
