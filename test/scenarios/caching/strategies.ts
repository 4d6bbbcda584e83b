import { Dictionary, Int32, makeData, makeVector, Table, Utf8, Vector, vectorFromArray } from 'apache-arrow'
import { randomStream } from '../../../core/src/random-stream.ts'

/** What strategies read: a group of the data cache, here or in a worker thread. */
export interface Prices {
  readonly length: number
  readonly columns: Readonly<Record<string, ArrayLike<number>>>
}
/** A way to trade, and the days on which it does. */
export interface Strategy {
  readonly kind: 'crossover' | 'breakout' | 'reversal'
  readonly window: number
  readonly stop: number
  readonly fee: number
  readonly from: number
  readonly to: number
}

const days = 400

/** Strategy number `seed`, always the same. */
export function strategyOf(seed: number): Strategy {
  const random = randomStream(seed, 0, 0, 'strategy')
  const from = random.int(0, days - 60)
  return {
    kind: (['crossover', 'breakout', 'reversal'] as const)[random.int(0, 2)] ?? 'crossover',
    window: random.int(2, 40),
    stop: random.int(1, 20) / 100,
    fee: random.int(0, 10) / 1000,
    from,
    to: random.int(from + 30, days)
  }
}

/** Bars of 12 symbols on random walks, some of which begin late; day by day, as an exchange would send them. */
export function prices(seed = 0): Table {
  const random = randomStream(seed, 0, 0, 'prices')
  const symbols = Array.from({ length: 12 }, (_, i) => `S${i}`)
  const last = symbols.map(() => 100)
  const rows: { readonly symbol: number; readonly day: number; readonly close: number; readonly volume: number }[] = []
  for (let day = 0; day < days; day++)
    for (const [symbol, before] of last.entries()) {
      if (day < symbol * 5) continue
      const close = before * (1 + 0.02 * random.normal())
      last[symbol] = close
      rows.push({ symbol, day, close, volume: random.int(1, 1_000_000) })
    }
  const type = new Dictionary(new Utf8(), new Int32())
  const dictionary = vectorFromArray(symbols, new Utf8())
  const data = Int32Array.from(rows, row => row.symbol)
  return new Table({
    symbol: new Vector([makeData({ type, length: rows.length, nullCount: 0, data, dictionary })]),
    day: makeVector(Int32Array.from(rows, row => row.day)),
    close: makeVector(Float64Array.from(rows, row => row.close)),
    volume: makeVector(Float64Array.from(rows, row => row.volume))
  })
}

/** A moving average, as sums differ by the order of what is added. */
export function average({ columns, length }: Prices, { window }: { readonly window: number }): Float64Array {
  const { close = [] } = columns
  return Float64Array.from({ length }, (_, day) => {
    let sum = 0
    const begin = Math.max(0, day - window + 1)
    for (let i = begin; i <= day; i++) sum += close[i] as number
    return sum / (day - begin + 1)
  })
}

/** What a strategy gains with each of the groups, added up in their order. */
export function traded(strategy: Strategy, groups: Iterable<readonly [prices: Prices, average: ArrayLike<number>]>): number {
  let total = 0
  for (const [{ columns, length }, mean] of groups) {
    const { close = [], volume = [] } = columns
    let entry = 0
    for (let day = 1; day < length; day++) {
      const [before, now] = [close[day - 1] as number, close[day] as number]
      if (entry > 0) {
        total += now / before - 1
        if (now < entry * (1 - strategy.stop)) entry = 0
      } else if (enters(strategy, before, now, mean[day] as number)) {
        entry = now
        total -= strategy.fee * Math.log10(volume[day] as number)
      }
    }
  }
  return total
}

function enters({ kind, stop }: Strategy, before: number, now: number, mean: number): boolean {
  if (kind === 'crossover') return before <= mean && now > mean
  return kind === 'breakout' ? now > mean * (1 + stop / 2) : now < mean * (1 - stop / 2)
}
