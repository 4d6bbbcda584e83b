import { freshness } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { bars, closes, daily, gate, rejection, source, type Workspace, workspace } from './workspace.ts'

/** Large enough for threads, so that other work comes in between. */
const large = (number: number): Table => bars(number, 300_000)
const which = (table: Table | undefined): number | undefined =>
  [1, 2, 3].find(number => table?.getChild('close')?.get(0) === bars(number, 1).getChild('close')?.get(0))
const onDisk = async (space: Workspace, name = 'A'): Promise<number | undefined> => {
  await using again = await space.open()
  return which(await again.get(again.key(daily(name))))
}

describe('what began before', () => {
  it('does not put the table before into memory: a read that a put overtakes', async () => {
    await using space = workspace()
    await (await space.open()).put(daily('A'), large(1))
    const cache = await space.open()
    const key = cache.key(daily('A'))
    const reading = cache.get(key)
    await cache.put(daily('A'), bars(2))
    expect(which(await reading)).to.be.oneOf([1, 2])
    expect(which(await cache.get(key))).to.equal(2)
    expect(await onDisk(space)).to.equal(2)
  })

  for (const revalidateMs of [0, 60_000]) {
    it(`does not replace a put: a load ${revalidateMs > 0 ? 'behind a stale table' : ''} that began before it`, async () => {
      await using space = workspace()
      let now = Date.UTC(2024, 0, 1)
      const cache = await space.open({ freshness: freshness.ttl({ '1d': 1_000 }), revalidateMs, clock: () => now })
      await cache.put(daily('A'), bars(3))
      now += 1_500
      const source = gate()
      const loading = cache.getOrLoad(daily('A'), async () => {
        await source.promise
        return bars(1)
      })
      if (revalidateMs > 0) expect(which(await loading)).to.equal(3)
      now += 1
      await cache.put(daily('A'), bars(2))
      source.resolve()
      await loading
      await cache[Symbol.asyncDispose]()
      expect(await onDisk(space)).to.equal(2)
    })
  }

  it('does not replace what another process has stored since', async () => {
    await using space = workspace()
    let now = Date.UTC(2024, 0, 1)
    const clock = () => now
    const [one, other] = [await space.open({ clock }), await space.open({ clock })]
    const source = gate()
    const begun = gate()
    const loading = one.getOrLoad(daily('A'), async () => {
      begun.resolve()
      await source.promise
      return bars(1)
    })
    await begun.promise
    now += 10
    await other.put(daily('A'), bars(2))
    source.resolve()
    expect(which(await loading)).to.equal(1)
    expect(which(await one.get(one.key(daily('A'))))).to.equal(2)
  })

  for (const what of ['a load', 'a put'] as const) {
    it(`does not come back when it is cleared while its file is written: ${what}`, async () => {
      await using space = workspace()
      const cache = await space.open()
      const key = cache.key(daily('A'))
      const loaded = gate()
      cache.events.on('load', () => loaded.resolve())
      if (what === 'a put') loaded.resolve()
      const storing = what === 'a put' ? cache.put(daily('A'), large(1)) : cache.getOrLoad(daily('A'), () => large(1))
      await loaded.promise
      await cache.clear({ key })
      await storing
      expect(await cache.lookup(key)).to.equal(undefined)
      expect(await cache.get(key)).to.equal(undefined)
      expect(space.files()).to.deep.equal([])
    })
  }

  it('is kept when it began after the clearing, though that is not over', async () => {
    await using space = workspace()
    const cache = await space.open()
    for (const clear of [
      () => cache.clear(),
      () => cache.clear({ key: cache.key(daily('A')) }),
      () => cache.clear({ olderThan: new Date() }),
      () => cache.clear({ backtestId: 'one' })
    ]) {
      await cache.put(daily('A'), bars(1), { backtestId: 'one' })
      const clearing = clear()
      const putting = cache.put(daily('A'), large(2))
      await clearing
      await putting
      expect(which(await cache.get(cache.key(daily('A'))))).to.equal(2)
      expect(await onDisk(space)).to.equal(2)
    }
  })

  it('does not take a newer table away when it is too large, refused, or cannot be written', async () => {
    await using space = workspace()
    const cache = await space.open({ coldBytes: 1_000_000 })
    const tooLarge = cache.put(daily('A'), large(1))
    await cache.put(daily('A'), bars(2))
    await tooLarge
    expect(await onDisk(space)).to.equal(2)
    const refused = cache.put(daily('B'), bars(2), { datasetId: 999 })
    await Promise.allSettled([cache.put(daily('B'), bars(1)), refused])
    expect((await rejection(refused)).code).to.equal('TIERED_DATASET')
    expect(await onDisk(space, 'B')).to.equal(1)
  })

  it('is replaced after the clock was set back', async () => {
    await using space = workspace()
    let now = Date.UTC(2024, 0, 2)
    const cache = await space.open({ clock: () => now })
    await cache.put(daily('A'), bars(1))
    now -= 3_600_000
    await cache.put(daily('A'), bars(2))
    expect(await onDisk(space)).to.equal(2)
  })

  it('is kept when something else is cleared', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('Z'), bars(3), { backtestId: 'one' })
    const loading = gate()
    const prices = source(bars(1))
    const got = cache.getOrLoad(daily('A'), async () => {
      await loading.promise
      return prices.load()
    })
    await cache.clear({ key: cache.key(daily('Y')) })
    await cache.clear({ backtestId: 'one' })
    await cache.clear({ olderThan: new Date() })
    loading.resolve()
    await got
    expect(closes(await cache.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(1)))
    expect(prices.loads).to.equal(1)
    expect(await onDisk(space)).to.equal(1)
  })
})
