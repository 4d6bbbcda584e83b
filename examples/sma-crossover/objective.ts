import { type AssetBundle, type Caches, fileVersion, type Objective, type Space, space } from 'rxtuna'
import { dataFile, listSymbols, loadBars } from './bars.ts'
import { bootstrap } from './bootstrap.ts'
import { type Market, marketOf } from './market.ts'
import type { Spending } from './spending.ts'
import { type StrategyParams, simulate } from './strategy.ts'

/** Lengths of the averages, and how a position ends; only a trailing stop has a distance. */
export const crossover: Space<StrategyParams> = space(
  s => {
    const fast = s.suggestInt('fast', 2, 50)
    const slow = s.suggestInt('slow', 10, 250, { step: 10 })
    const exit = s.suggestCategorical('exit', ['cross', 'trail'])
    return exit === 'trail' ? { fast, slow, exit, stop: s.suggestFloat('stop', 0.02, 0.2, { step: 0.01 }) } : { fast, slow, exit }
  },
  { where: ({ fast, slow }) => fast < slow }
)

/** What is traded: every symbol of the data file. Its version is the file's content. */
const universe: AssetBundle = {
  name: 'stocks',
  version: () => fileVersion([dataFile]),
  assets: signal => listSymbols(signal)
}

/** Loads the market through all three caches: the list of symbols, their bars, the bars by symbol. */
export async function loadMarket(caches: Caches, signal: AbortSignal): Promise<Market> {
  const version = await universe.version()
  const symbols = await caches.assets.assets(universe, { signal })
  const request = {
    symbols,
    startDate: '2000-03-01',
    endDate: '2013-03-01',
    resolution: '1d',
    dataSource: universe.name,
    extra: { prices: 'adjusted', version }
  }
  const columns = ['day', 'open', 'high', 'low', 'close']
  const grouped = await caches.data.grouped(
    { dataset: universe.name, version, groupBy: 'symbol', columns },
    joined => caches.tables.getOrLoad(request, loading => loadBars(symbols, loading), { signal: joined }),
    { signal }
  )
  return marketOf(grouped.groups.values())
}

/** The annual Sharpe ratio after costs to the end of 2009, reported by year; a completed evaluation also says how far it could be luck. */
export function objective(caches: Caches, spending: Spending): Objective<StrategyParams> {
  return {
    space: crossover,
    // A change of this module, or of one that it imports, makes another objective: earlier trials no longer answer for it.
    version: import.meta.url,
    evaluate: async (params, trial) => {
      const market = await spending.wait('loading', () => loadMarket(caches, trial.signal))
      const { returns, inSample } = spending.run('backtest', () => {
        const run = simulate(market, params)
        for (const { step, sharpe, year } of run.years()) {
          trial.report(sharpe, step)
          if (trial.shouldPrune()) trial.prune(`Below the median at the end of ${year}.`)
        }
        return run.finish()
      })
      const { lo, hi, dd95 } = spending.run('bootstrap', () => bootstrap(returns.subarray(market.inSample.begin, market.inSample.end)))
      trial.setAttribute('lo', lo)
      trial.setAttribute('hi', hi)
      trial.setAttribute('dd95', dd95)
      return inSample.sharpe
    }
  }
}
