import { dateOf, dayOf } from './bars.ts'

/** Bars of one symbol as columns, oldest first: what the data cache calls a group. */
export interface SymbolGroup {
  readonly key: string
  readonly length: number
  /** `day` (days since 1970-01-01, ascending), `open`, `high`, `low`, `close`. */
  readonly columns: Readonly<Record<string, ArrayLike<number>>>
}

/** Bars of one symbol, numbered from 0, and where each stands among the market's days. */
export interface SymbolBars {
  readonly symbol: string
  readonly length: number
  readonly open: ArrayLike<number>
  readonly low: ArrayLike<number>
  readonly close: ArrayLike<number>
  /** Index of each bar's day in the market's `days`. */
  readonly at: Int32Array
}

/** Indices of days: from `begin` up to, and without, `end`. */
export interface Period {
  readonly begin: number
  readonly end: number
}

/** Several symbols on one calendar: every day on which at least one of them was traded. Nothing is filled in. */
export interface Market {
  readonly symbols: readonly SymbolBars[]
  /** Days since 1970-01-01, ascending. */
  readonly days: Int32Array
  readonly inSample: Period
  readonly outOfSample: Period
}

/** First and last date of the two periods, which are the same for all params, however late a `slow` begins to trade. */
export const periods = {
  inSample: { from: '2001-03-01', to: '2009-12-31' },
  outOfSample: { from: '2010-01-01', to: '2013-03-01' }
} as const

/** Puts the bars of several symbols on one calendar; their columns are used as they are, not copied. */
export function marketOf(groups: Iterable<SymbolGroup>): Market {
  const all = [...groups]
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const group of all) {
    const day = column(group, 'day')
    if (group.length === 0) continue
    first = Math.min(first, day[0] as number)
    last = Math.max(last, day[group.length - 1] as number)
  }
  // For each calendar day, whether it was traded, and then its place among those that were.
  const place = new Int32Array(last < first ? 0 : last - first + 1).fill(-1)
  for (const group of all) {
    const day = column(group, 'day')
    for (let k = 0; k < group.length; k++) place[(day[k] as number) - first] = 0
  }
  const days = new Int32Array(place.length)
  let count = 0
  for (let i = 0; i < place.length; i++) {
    if (place[i] === -1) continue
    place[i] = count
    days[count++] = first + i
  }
  const traded = days.subarray(0, count)
  const symbols = all.map(group => symbolBars(group, place, first))
  return { symbols, days: traded, inSample: period(traded, periods.inSample), outOfSample: period(traded, periods.outOfSample) }
}

/** Index of the first day that is on or after a date; the number of days when there is none. */
export function firstFrom(days: Int32Array, date: string): number {
  const day = dayOf(date)
  let low = 0
  let high = days.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((days[middle] as number) < day) low = middle + 1
    else high = middle
  }
  return low
}

/** When each symbol can first trade with this `slow`; a symbol with too few bars has no `from`. */
export function participation(market: Market, slow: number): readonly { readonly symbol: string; readonly from?: string }[] {
  return market.symbols.map(({ symbol, at }) => {
    const index = at[slow]
    return index === undefined ? { symbol } : { symbol, from: dateOf(market.days[index] as number) }
  })
}

function period(days: Int32Array, { from, to }: { readonly from: string; readonly to: string }): Period {
  return { begin: firstFrom(days, from), end: firstFrom(days, dateOf(dayOf(to) + 1)) }
}

function symbolBars(group: SymbolGroup, place: Int32Array, first: number): SymbolBars {
  const day = column(group, 'day')
  const at = new Int32Array(group.length)
  for (let k = 0; k < group.length; k++) at[k] = place[(day[k] as number) - first] as number
  const { key: symbol, length } = group
  return { symbol, length, at, open: column(group, 'open'), low: column(group, 'low'), close: column(group, 'close') }
}

function column(group: SymbolGroup, name: string): ArrayLike<number> {
  const values = group.columns[name]
  if (values === undefined) throw new RangeError(`Expected the column "${name}" of ${group.key}, got none. Ask the data cache for it.`)
  return values
}
