import type { Table } from 'apache-arrow'
import { loadBars } from '../../../examples/sma-crossover/bars.ts'
import { type Market, marketOf, type SymbolGroup } from '../../../examples/sma-crossover/market.ts'

export const allSymbols: readonly string[] = ['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT']

/** The bars of a table by symbol, as the data cache groups them. */
export function groupsOf(table: Table): SymbolGroup[] {
  const keys = [...(table.getChild('symbol') ?? [])] as string[]
  return [...new Set(keys)].map(key => {
    const begin = keys.indexOf(key)
    const end = keys.lastIndexOf(key) + 1
    const names = ['day', 'open', 'high', 'low', 'close']
    const columns = Object.fromEntries(names.map(name => [name, table.getChild(name)?.toArray().slice(begin, end)]))
    return { key, length: end - begin, columns }
  })
}

/** The market of the real bars. */
export async function realMarket(symbols: readonly string[] = allSymbols): Promise<Market> {
  return marketOf(groupsOf(await loadBars(symbols)))
}
