import { makeVector, Table } from 'apache-arrow'

export interface PriceTableOptions {
  /** Whether the columns lie on SharedArrayBuffers. Default false. */
  readonly shared?: boolean
}

/** Bars by the minute, the same for each number of rows: one int64 timestamp and five float64, the prices a random walk in whole cents. */
export function priceTable(rows: number, { shared = false }: PriceTableOptions = {}): Table {
  const buffer = () => (shared ? new SharedArrayBuffer(8 * rows) : new ArrayBuffer(8 * rows))
  const timestamp = new BigInt64Array(buffer())
  const [open, high, low, close, volume] = Array.from({ length: 5 }, () => new Float64Array(buffer())) as Five
  let state = 1
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  let cents = 10_000
  for (let row = 0; row < rows; row++) {
    timestamp[row] = 1_672_756_200_000n + 60_000n * BigInt(row)
    const begun = cents
    cents = Math.max(100, cents + random(41) - 20)
    open[row] = begun / 100
    close[row] = cents / 100
    high[row] = (Math.max(begun, cents) + random(10)) / 100
    low[row] = (Math.min(begun, cents) - random(10)) / 100
    volume[row] = 100 * random(10_000)
  }
  const columns = { timestamp, open, high, low, close, volume }
  return new Table(Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, makeVector(values)])))
}

// `Array.from` does not say how many there are.
type Five = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array]
