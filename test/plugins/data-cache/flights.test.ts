import { openDataCache } from '@rxtuna/data-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { bars } from './tables.ts'

const request = { dataset: 'bars', version: '1', groupBy: 'symbol', columns: ['close'] }
const close = (value: number): Table => bars(['A'], [value])
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

describe('a load of the data cache that is under way', () => {
  it('is not joined by who asks after `clear`', async () => {
    await using cache = openDataCache()
    const gate = Promise.withResolvers<Table>()
    const before = cache.grouped(request, () => gate.promise)
    await turn()
    cache.clear()
    const after = cache.grouped(request, async () => close(2))
    gate.resolve(close(1))
    expect((await before).groups.get('A')?.columns.close?.[0]).to.equal(1)
    expect((await after).groups.get('A')?.columns.close?.[0]).to.equal(2)
    expect(await cache.grouped(request, () => expect.fail('loaded'))).to.equal(await after)
  })

  it('without a check of the version is not joined by who wants one', async () => {
    await using cache = openDataCache()
    let content = '1'
    const gate = Promise.withResolvers<void>()
    const unchecked = cache.grouped(request, async () => {
      await gate.promise
      return close(Number(content))
    })
    let loads = 0
    const checked = cache.grouped({ ...request, version: async () => content }, async () => {
      if (loads++ === 0) await gate.promise
      return close(Number(content))
    })
    await turn()
    content = '2'
    gate.resolve()
    const [given, asked] = [await unchecked, await checked]
    expect([given.version, given.groups.get('A')?.columns.close?.[0]]).to.deep.equal(['1', 2])
    expect([asked.version, asked.groups.get('A')?.columns.close?.[0]]).to.deep.equal(['2', 2])
  })

  it('beside another of the same request leaves one entry, which the next version outdates', async () => {
    await using cache = openDataCache()
    const outdated: unknown[] = []
    cache.events.on('invalidate', event => outdated.push(event))
    const load = async (): Promise<Table> => close(1)
    await Promise.all([cache.grouped(request, load), cache.grouped({ ...request, version: async () => '1' }, load)])
    expect(cache.stats()).to.include({ misses: 2, entries: 1, bytes: 16 })
    await cache.grouped({ ...request, version: '2' }, load)
    expect(outdated).to.have.lengthOf(1)
  })

  it('of a derived column is not kept without the data that it was derived from, and groups cannot be changed', async () => {
    await using cache = openDataCache({ maxBytes: 40, isolation: 'types' })
    const gate = Promise.withResolvers<void>()
    cache.around(async (key, work) => {
      if (key.includes('late')) await gate.promise
      return work()
    })
    const first = await cache.grouped(request, async () => bars(['A', 'A', 'A', 'A'], [1, 2, 3, 4]))
    const late = first.derive('late', {}, ({ length }) => new Float64Array(length))
    await cache.grouped({ ...request, version: '2' }, async () => bars(['A', 'A'], [1, 2]))
    gate.resolve()
    await late
    expect(cache.stats()).to.include({ entries: 1, bytes: 16 })
    expect(() => (first.groups as Map<string, unknown>).delete('A')).to.throw('changed of its groups'.replace('changed', 'a change'))
    expect(first.groups.size).to.equal(1)
    expect(() => Object.assign(first.groups.get('A') as object, { length: 1 })).to.throw(TypeError)
  })
})
