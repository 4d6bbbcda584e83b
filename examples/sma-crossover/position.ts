import type { SymbolBars } from './market.ts'

/** Cost of one side of a trade: 5 basis points. */
export const costOfASide = 0.0005

// Decimal prices tie exactly now and then; the margin keeps rounding from deciding, so that every way of summing decides alike.
const margin = 1 + 1e-9

/** Sums over the symbols, by index of day, that the positions add to. */
export interface DailySums {
  /** Sum of (factor − 1) over the symbols taking part. */
  readonly gains: Float64Array
  /** Symbols taking part. */
  readonly taking: Uint32Array
  /** Sides traded. */
  readonly sides: Uint32Array
  /** Purchases among them. */
  readonly purchases: Uint32Array
}

/** The trading of one symbol, which goes on day by day; the bars ahead of it are not looked at. */
export class Position {
  readonly #bars: SymbolBars
  readonly #fast: number
  readonly #slow: number
  readonly #keep: number
  #k: number
  #fastSum = 0
  #slowSum = 0
  #wasUp = false
  #held = false
  #high = 0

  /** Takes part from the bar with the number `slow`; `stop` is a fraction of the highest close since the purchase, absent for none. */
  constructor(bars: SymbolBars, fast: number, slow: number, stop: number | undefined) {
    this.#bars = bars
    this.#fast = fast
    this.#slow = slow
    // Without a stop the level is 0, which no price reaches.
    this.#keep = stop === undefined ? 0 : 1 - stop
    this.#k = slow
    for (let k = 0; k < Math.min(slow, bars.length); k++) {
      this.#slowSum += bars.close[k] as number
      if (k >= slow - fast) this.#fastSum += bars.close[k] as number
    }
  }

  /** Trades up to, and without, the day with this index. */
  advance(end: number, { gains, taking, sides, purchases }: DailySums): void {
    const { open, low, close, at, length } = this.#bars
    const fast = this.#fast
    const slow = this.#slow
    const keep = this.#keep
    let k = this.#k
    let fastSum = this.#fastSum
    let slowSum = this.#slowSum
    let wasUp = this.#wasUp
    let held = this.#held
    let high = this.#high
    for (; k < length && (at[k] as number) < end; k++) {
      const up = fastSum / fast > (slowSum / slow) * margin
      // With `cross`, held is wasUp: to be up suffices. After a stop it is not, and the next turn to up is awaited.
      const hold = up && (held || !wasUp)
      const opened = open[k] as number
      let factor = held ? opened / (close[k - 1] as number) : 1
      const day = at[k] as number
      let traded = 0
      if (hold !== held) {
        factor *= 1 - costOfASide
        traded = 1
        if (hold) {
          high = opened
          purchases[day] = (purchases[day] as number) + 1
        }
      }
      held = hold
      if (held) {
        const closed = close[k] as number
        const level = high * keep
        if ((low[k] as number) <= level * margin) {
          factor *= (Math.min(opened, level) / opened) * (1 - costOfASide)
          traded++
          held = false
        } else {
          factor *= closed / opened
          if (closed > high) high = closed
        }
      }
      gains[day] = (gains[day] as number) + factor - 1
      taking[day] = (taking[day] as number) + 1
      sides[day] = (sides[day] as number) + traded
      fastSum += (close[k] as number) - (close[k - fast] as number)
      slowSum += (close[k] as number) - (close[k - slow] as number)
      wasUp = up
    }
    this.#k = k
    this.#fastSum = fastSum
    this.#slowSum = slowSum
    this.#wasUp = wasUp
    this.#held = held
    this.#high = high
  }
}
