import { figuresOf } from './figures.ts'
import type { Market } from './market.ts'
import type { Backtest } from './strategy.ts'

/** Holds each symbol from its second bar on, equally weighted, without cost: what the strategy has to beat. */
export function buyAndHold(market: Market): Backtest {
  const { days, inSample, outOfSample } = market
  const returns = new Float64Array(days.length)
  const taking = new Uint32Array(days.length)
  for (const { at, close, length } of market.symbols) {
    for (let k = 1; k < length; k++) {
      const day = at[k] as number
      returns[day] = (returns[day] as number) + (close[k] as number) / (close[k - 1] as number) - 1
      taking[day] = (taking[day] as number) + 1
    }
  }
  for (let day = 0; day < days.length; day++) {
    if ((taking[day] as number) > 0) returns[day] = (returns[day] as number) / (taking[day] as number)
  }
  const figures = ({ begin, end }: Market['inSample']) => figuresOf(returns.subarray(begin, end), { trades: 0, costs: 0 })
  return { inSample: figures(inSample), outOfSample: figures(outOfSample), returns }
}
