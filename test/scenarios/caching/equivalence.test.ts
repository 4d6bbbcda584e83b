import { Worker } from 'node:worker_threads'
import { type DataCache, type DataCacheOptions, openDataCache, type Stages, stages } from '@rxtuna/data-cache'
import { expect } from 'chai'
import { runWell, temporaryDirectory } from '../program.ts'
import { average, type Prices, prices, type Strategy, strategyOf, traded } from './strategies.ts'

const strategies = Array.from({ length: 50 }, (_, seed) => strategyOf(seed))
const columns = ['close', 'volume']
const request = { dataset: 'walks', version: '1', groupBy: 'symbol', columns, window: { column: 'day' } }
const load = async () => prices()

/** Every strategy on whole data that is cut to its days, the average derived. */
async function cut(cache: DataCache): Promise<readonly number[]> {
  const gains: number[] = []
  for (const strategy of strategies) {
    const { window, from, to } = strategy
    const data = await cache.grouped(request, load)
    const derived = await data.derive('average', { window }, average)
    const groups = [...derived.groups.values()].map(group => group.between(from, to))
    gains.push(
      traded(
        strategy,
        groups.map(group => [group, group.columns.average ?? []])
      )
    )
  }
  return gains
}

/** Every strategy on data of its days alone, which the average then begins with, too. */
async function windowed(cache: DataCache): Promise<readonly number[]> {
  const gains: number[] = []
  for (const strategy of strategies) {
    const { from, to } = strategy
    const { groups } = await cache.grouped({ ...request, window: { column: 'day', from, to } }, load)
    gains.push(
      traded(
        strategy,
        [...groups.values()].map(group => [group, average(group, strategy)])
      )
    )
  }
  return gains
}

/** The same from the rows of the table, without anything of this library. */
function plainly(whole: boolean): readonly number[] {
  const table = prices()
  const rows = [...(table.getChild('symbol') ?? [])].map((symbol, row) => ({
    symbol: symbol as string,
    day: table.getChild('day')?.get(row) as number,
    close: table.getChild('close')?.get(row) as number,
    volume: table.getChild('volume')?.get(row) as number
  }))
  return strategies.map(strategy => {
    const isInside = ({ day }: { readonly day: number }): boolean => day >= strategy.from && day < strategy.to
    const names = new Set((whole ? rows : rows.filter(isInside)).map(({ symbol }) => symbol))
    return traded(
      strategy,
      [...names].map(name => {
        const all = rows.filter(({ symbol }) => symbol === name)
        const inside = all.filter(isInside)
        const asPrices = (some: typeof rows): Prices => ({
          length: some.length,
          columns: { close: some.map(({ close }) => close), volume: some.map(({ volume }) => volume) }
        })
        const mean = average(asPrices(whole ? all : inside), strategy)
        const before = whole ? all.filter(({ day }) => day < strategy.from).length : 0
        return [asPrices(inside), mean.subarray(before, before + inside.length)]
      })
    )
  })
}

const modes: Readonly<Record<string, DataCacheOptions>> = {
  on: { isolation: 'types' },
  off: { enabled: false },
  'evicting constantly': { maxBytes: 200_000, isolation: 'types' },
  'keeping nothing': { maxBytes: 1 },
  copying: { isolation: 'copy' },
  verifying: { isolation: 'verify' },
  shared: { shared: true }
}

describe('50 strategies and windows', function () {
  this.timeout(60_000)

  for (const [mode, options] of Object.entries(modes))
    it(`gain with caches ${mode} what they gain without this library, bit by bit`, async () => {
      await using cache = openDataCache(options)
      expect(await cut(cache)).to.deep.equal(plainly(true))
      expect(await windowed(cache)).to.deep.equal(plainly(false))
      const { hits, evictions, bytes, maxBytes = 0 } = cache.stats()
      expect(bytes).to.be.at.most(maxBytes)
      if (mode === 'evicting constantly') expect(evictions).to.be.above(50)
      if (mode === 'on') expect(hits).to.be.above(40)
      if (mode === 'off' || mode === 'keeping nothing') expect(hits).to.equal(0)
    })

  it('gain the same in four worker threads on one memory', async () => {
    await using cache = openDataCache({ shared: true })
    const handle = (await cache.grouped(request, load)).transfer()
    const gains = await Promise.all(
      [0, 1, 2, 3].map(async part => {
        const own = strategies.filter((_, i) => i % 4 === part)
        const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { handle, strategies: own } })
        const said = await new Promise<readonly number[]>((resolve, reject) => {
          worker.once('message', resolve)
          worker.once('error', reject)
        })
        await worker.terminate()
        return said
      })
    )
    expect(strategies.map((_, i) => gains[i % 4]?.[Math.floor(i / 4)])).to.deep.equal(plainly(true))
  })

  it('gain the same in stages: kept, evicted constantly, and not kept', async () => {
    await using cache = openDataCache()
    const { groups } = await cache.grouped(request, load)
    const all = [...groups.values()]
    const staged = (options: { readonly maxBytes?: number; readonly enabled?: boolean }): Stages<Strategy, number> =>
      stages(
        all,
        {
          indicators: ({ window }: Strategy, data) => data.map(group => average(group, { window })),
          signals: ({ from, to }: Strategy, means, data) =>
            data.map((group, i) => {
              const [part, before] = [group.between(from, to), group.between(0, from).length]
              return [part, means[i]?.subarray(before, before + part.length) ?? []] as const
            }),
          exits: ({ kind, window, stop, fee, from, to }: Strategy, pairs) => traded({ kind, window, stop, fee, from, to }, pairs)
        },
        options
      )
    const expected = plainly(true)
    for (const options of [{}, { maxBytes: 50_000 }, { enabled: false }]) {
      const steps = staged(options)
      for (let round = 0; round < 2; round++)
        expect(await Promise.all(strategies.map(strategy => steps.evaluate(strategy)))).to.deep.equal(expected)
    }
  })
})

describe('the examples', function () {
  this.timeout(60_000)
  const environments: readonly Readonly<Record<string, string>>[] = [
    {},
    { RXTUNA_ENABLE_CACHING: 'false' },
    { RXTUNA_CACHE_SIZE_GB: '0.0001', RXTUNA_LRU_MAXSIZE: '1' }
  ]

  it('end with the same result with caches, without, and with room for nothing', async () => {
    const endings: [ended: string, searched: unknown][] = []
    for (const env of environments) {
      using directory = temporaryDirectory()
      const loop = await runWell({ cwd: directory.path, script: 'ask-tell.ts', env })
      const search = await runWell({ cwd: directory.path, args: ['--trials', '60', '--fresh', '--json'], env })
      const { time: _t, caches: _c, files: _f, resume: _r, ...found } = JSON.parse(search.stdout)
      endings.push([loop.stdout, found])
    }
    const [first] = endings
    expect(first?.[0]).to.match(/Sharpe/)
    for (const ending of endings) expect(ending).to.deep.equal(first)
  })
})
