import { readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileVersion } from '@rxtuna/asset-cache'
import { type DataCache, type GroupRequest, openDataCache } from '@rxtuna/data-cache'
import { Table, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { temporaryDirectory } from '../program.ts'

/** A bundle in a file of lines `symbol,day,close`. */
const lines = ['A,0,10', 'B,0,50', 'A,1,11', 'B,1,51', 'A,2,12', 'B,2,52']
const read = (path: string): Table => {
  const rows = readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
  return new Table({
    symbol: vectorFromArray(rows.map(([symbol]) => symbol as string)),
    day: vectorFromArray(Float64Array.from(rows, ([, day]) => Number(day))),
    close: vectorFromArray(Float64Array.from(rows, ([, , close]) => Number(close)))
  })
}
const seen = async (cache: DataCache, path: string, change: Partial<GroupRequest> = {}): Promise<Record<string, unknown>> => {
  const request = { dataset: path, version: () => fileVersion([path]), groupBy: 'symbol', columns: ['close'], ...change }
  const { groups } = await cache.grouped(request, async () => read(path))
  const shown = [...groups].map(([key, { columns }]) => [
    key,
    Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Array.from(values)]))
  ])
  return Object.fromEntries(shown)
}
const closes = (a: readonly number[], b: readonly number[]): Record<string, unknown> => ({ A: { close: a }, B: { close: b } })

describe('a bundle that changes', () => {
  it('is never served as it was: a price in the middle, a row more, another symbol; and is recognized when it comes back', async () => {
    using directory = temporaryDirectory()
    await using cache = openDataCache()
    const path = join(directory.path, 'bars.csv')
    const stamp = new Date('2024-01-01')
    const write = (content: readonly string[]): void => {
      writeFileSync(path, `${content.join('\n')}\n`)
      utimesSync(path, stamp, stamp)
    }
    write(lines)
    const first = closes([10, 11, 12], [50, 51, 52])
    expect(await seen(cache, path)).to.deep.equal(first)
    write(lines.with(3, 'B,1,99'))
    expect(await seen(cache, path)).to.deep.equal(closes([10, 11, 12], [50, 99, 52]))
    write([...lines, 'A,3,13'])
    expect(await seen(cache, path)).to.deep.equal(closes([10, 11, 12, 13], [50, 51, 52]))
    write(lines.map(line => line.replace('B', 'C')))
    expect(await seen(cache, path)).to.deep.equal({ A: { close: [10, 11, 12] }, C: { close: [50, 51, 52] } })
    const { misses } = cache.stats()
    write(lines)
    expect(await seen(cache, path)).to.deep.equal(first)
    expect(cache.stats().misses).to.equal(misses)
  })

  it('is not mixed up with another of the same symbols and dates, another window, or another set of columns', async () => {
    using directory = temporaryDirectory()
    await using cache = openDataCache()
    const [daily, adjusted] = [join(directory.path, 'daily.csv'), join(directory.path, 'adjusted.csv')]
    writeFileSync(daily, lines.join('\n'))
    writeFileSync(adjusted, lines.map(line => `${line}.5`).join('\n'))
    for (let round = 0; round < 2; round++) {
      expect(await seen(cache, daily)).to.deep.equal(closes([10, 11, 12], [50, 51, 52]))
      expect(await seen(cache, adjusted)).to.deep.equal(closes([10.5, 11.5, 12.5], [50.5, 51.5, 52.5]))
      const window = (from: number, to: number) => ({ window: { column: 'day', from, to } })
      expect(await seen(cache, daily, window(0, 2))).to.deep.equal(closes([10, 11], [50, 51]))
      expect(await seen(cache, daily, window(1, 3))).to.deep.equal(closes([11, 12], [51, 52]))
      expect(await seen(cache, daily, { columns: ['day'] })).to.deep.equal({ A: { day: [0, 1, 2] }, B: { day: [0, 1, 2] } })
      expect(Object.keys(((await seen(cache, daily, { columns: ['day', 'close'] })) as { A: object }).A)).to.deep.equal(['day', 'close'])
    }
    expect(cache.stats()).to.include({ hits: 6, misses: 6 })
  })

  for (const how of ['written over', 'replaced'] as const)
    it(`while it is read, and is ${how}, is the old or the new one, under its own version, never a mixture`, async () => {
      using directory = temporaryDirectory()
      const path = join(directory.path, 'bars.csv')
      const content = (close: number): string => `${Array.from({ length: 20 }, (_, day) => `A,${day},${close}`).join('\n')}\n`
      const put = (close: number): void => {
        writeFileSync(how === 'replaced' ? `${path}.new` : path, content(close))
        if (how === 'replaced') renameSync(`${path}.new`, path)
      }
      await using cache = openDataCache()
      const results = new Map<string, Set<number>>()
      for (let round = 1; round <= 30; round++) {
        let reads = 0
        put(round % 4)
        cache.clear()
        const request = { dataset: 'bars', version: () => fileVersion([path]), groupBy: 'symbol', columns: ['close'] }
        const data = await cache.grouped(request, async () => {
          // Half of it is read, then it changes, then the other half is read.
          const half = readFileSync(path, 'utf8').split('\n').slice(0, 10)
          if (reads++ === 0) put((round + 1) % 4)
          const other = readFileSync(path, 'utf8').split('\n').slice(10, 20)
          const closes = [...half, ...other].map(line => Number(line.split(',')[2]))
          return new Table({ symbol: vectorFromArray(closes.map(() => 'A')), close: vectorFromArray(Float64Array.from(closes)) })
        })
        const prices = new Set(Array.from(data.groups.get('A')?.columns.close ?? []))
        expect([prices.size, reads]).to.deep.equal([1, 2])
        const [price = Number.NaN] = prices
        results.set(data.version, (results.get(data.version) ?? new Set<number>()).add(price))
      }
      // A version has one content, whatever happened meanwhile.
      for (const prices of results.values()) expect(prices.size).to.equal(1)
      expect(results.size).to.equal(4)
    })

  it('all the time is refused after three loads', async () => {
    await using cache = openDataCache()
    let version = 0
    const request = { dataset: 'restless', version: async () => `${version++}`, groupBy: 'symbol', columns: ['close'] }
    const table = new Table({ symbol: vectorFromArray(['A']), close: vectorFromArray(Float64Array.of(1)) })
    const error = await cache.grouped(request, async () => table).catch(error => error)
    expect(error).to.have.property('code', 'DATASET_CHANGES')
    expect(cache.stats()).to.include({ misses: 3, entries: 0, bytes: 0 })
  })
})
