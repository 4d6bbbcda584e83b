import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { Dictionary, Int32, makeData, makeVector, Table, Utf8, vectorFromArray } from 'apache-arrow'

/** Path of the compressed CSV file that all bars come from. */
export const dataFile: string = fileURLToPath(new URL('../data/stocks.csv.gz', import.meta.url))

const unzip = promisify(gunzip)
const header = 'Ticker,Date,Open,High,Low,Close,Volume,Adj Close'
const millisecondsPerDay = 86_400_000

/** Days since 1970-01-01 of a date like `2001-03-01`. */
export function dayOf(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / millisecondsPerDay
}

/** The date, like `2001-03-01`, of days since 1970-01-01. */
export function dateOf(day: number): string {
  return new Date(day * millisecondsPerDay).toISOString().slice(0, 10)
}

/** The symbols that the data file has, in its order. Reads the file at each call. */
export async function listSymbols(signal?: AbortSignal): Promise<readonly string[]> {
  const symbols = new Set<string>()
  for (const row of await readRows(signal)) symbols.add(row.slice(0, row.indexOf(',')))
  return [...symbols]
}

/**
 * Daily bars of some symbols, in the file's order (by symbol, then by day), whatever the order of `symbols` is: `symbol` (dictionary),
 * `day` (int32, days since 1970-01-01), `open`, `high`, `low` and `close` (float64), all four adjusted for splits and dividends. Nothing is
 * kept: each call reads and parses the file, as a slow source would.
 *
 * @throws RangeError for a symbol that the file does not have; `signal.reason` when aborted.
 */
export async function loadBars(symbols: readonly string[], signal?: AbortSignal): Promise<Table> {
  const codes = new Map<string, number>()
  const wanted = new Set(symbols)
  const rows = (await readRows(signal)).map(row => row.split(',')).filter(([symbol]) => wanted.has(symbol as string))
  const symbol = new Int32Array(rows.length)
  const day = new Int32Array(rows.length)
  const prices = { open: new Float64Array(rows.length), high: new Float64Array(rows.length), low: new Float64Array(rows.length) }
  const close = new Float64Array(rows.length)
  for (const [i, row] of rows.entries()) {
    const [name, date, open, high, low, raw, , adjusted] = row as [string, string, string, string, string, string, string, string]
    if (!codes.has(name)) codes.set(name, codes.size)
    symbol[i] = codes.get(name) as number
    day[i] = dayOf(date)
    // Raw prices beside an adjusted close would make every split a gain: all of them take the day's factor.
    const factor = Number(adjusted) / Number(raw)
    prices.open[i] = Number(open) * factor
    prices.high[i] = Number(high) * factor
    prices.low[i] = Number(low) * factor
    close[i] = Number(adjusted)
  }
  const missing = symbols.find(name => !codes.has(name))
  if (missing !== undefined) throw new RangeError(`Expected symbols that ${dataFile} has, got "${missing}". listSymbols() names them.`)
  const type = new Dictionary(new Utf8(), new Int32())
  const dictionary = vectorFromArray([...codes.keys()], new Utf8())
  return new Table({
    symbol: makeVector(makeData({ type, length: rows.length, data: symbol, dictionary })),
    day: makeVector(day),
    open: makeVector(prices.open),
    high: makeVector(prices.high),
    low: makeVector(prices.low),
    close: makeVector(close)
  })
}

async function readRows(signal: AbortSignal | undefined): Promise<readonly string[]> {
  const packed = await readFile(dataFile, { signal })
  const text = (await unzip(packed)).toString('latin1')
  signal?.throwIfAborted()
  const [first, ...rows] = text.trimEnd().split(/\r?\n/)
  if (first !== header)
    throw new Error(`Expected the columns ${header} in ${dataFile}, got ${first}. Restore the file from the repository.`)
  return rows
}
