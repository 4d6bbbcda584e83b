import { existsSync } from 'node:fs'
import { openTieredCache } from '@rxtuna/tiered-cache'
import { expect } from 'chai'
import { bars, daily, workspace } from './workspace.ts'

describe('a tiered cache that is switched off', () => {
  it('loads at every call, counts misses, and touches no file', async () => {
    await using place = workspace()
    const directory = place.file('off')
    await using cache = await openTieredCache({ directory, enabled: false })
    let loads = 0
    const load = async () => {
      loads++
      return bars(1)
    }
    await Promise.all([cache.getOrLoad(daily('A'), load), cache.getOrLoad(daily('A'), load)])
    await cache.put(daily('A'), bars(1))
    expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
    expect(loads).to.equal(2)
    const { hits, misses, entries } = cache.stats()
    expect([hits, misses, entries]).to.deep.equal([0, 3, 0])
    expect(existsSync(directory)).to.equal(false)
  })
})
