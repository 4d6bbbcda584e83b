import { type Figures, figuresOf, sharpeRatio } from './figures.ts'
import { firstFrom, type Market, type Period } from './market.ts'
import { costOfASide, type DailySums, Position } from './position.ts'

/** Lengths of the two averages in bars, `fast` < `slow`; `trail` also sells at a fraction `stop` below the highest close since the purchase. */
export type StrategyParams =
  | { readonly fast: number; readonly slow: number; readonly exit: 'cross' }
  | { readonly fast: number; readonly slow: number; readonly exit: 'trail'; readonly stop: number }

/** The Sharpe ratio from the start of the in-sample period to the end of a year. */
export interface YearEnd {
  /** 0 for the first year. */
  readonly step: number
  readonly year: number
  readonly sharpe: number
}

/** What a whole simulation found. */
export interface Backtest {
  readonly inSample: Figures
  readonly outOfSample: Figures
  /** Daily returns of the portfolio, by index of the market's days. */
  readonly returns: Float64Array
}

/** A simulation that goes on as far as it is asked to. */
export interface Simulation {
  /** Simulates year by year, 2001 to 2009; whoever leaves the loop has paid for no more. The last one's Sharpe ratio is the in-sample one. */
  years(): Generator<YearEnd, void>
  /** Simulates what remains, positions carried over, and gives the figures of both periods. */
  finish(): Backtest
}

const years = { first: 2001, last: 2009 }

/**
 * Trades each symbol by the crossover of two simple moving averages of its adjusted close: long or flat, decided at a close, done at the
 * next open, 5 basis points a side. The portfolio is the mean of the symbols taking part, flat ones included, rebalanced daily at no cost.
 * A pure function of its arguments: nothing is kept between simulations.
 *
 * @throws RangeError unless `fast` and `slow` are whole numbers with 1 ≤ `fast` < `slow`.
 */
export function simulate(market: Market, params: StrategyParams): Simulation {
  const { fast, slow } = params
  if (!(Number.isInteger(fast) && Number.isInteger(slow) && fast >= 1 && fast < slow)) {
    throw new RangeError(
      `Expected whole numbers with 1 <= fast < slow, got fast ${fast}, slow ${slow}. Let the space's \`where\` reject these.`
    )
  }
  return new Crossover(market, params)
}

class Crossover implements Simulation {
  readonly #market: Market
  readonly #positions: readonly Position[]
  readonly #sums: DailySums
  readonly #returns: Float64Array
  #day = 0

  constructor(market: Market, params: StrategyParams) {
    const stop = params.exit === 'trail' ? params.stop : undefined
    const { length } = market.days
    this.#market = market
    this.#positions = market.symbols.map(bars => new Position(bars, params.fast, params.slow, stop))
    this.#returns = new Float64Array(length)
    this.#sums = {
      gains: new Float64Array(length),
      taking: new Uint32Array(length),
      sides: new Uint32Array(length),
      purchases: new Uint32Array(length)
    }
  }

  *years(): Generator<YearEnd, void> {
    const { days, inSample } = this.#market
    for (let year = years.first; year <= years.last; year++) {
      const end = firstFrom(days, `${year + 1}-01-01`)
      this.#advance(end)
      yield { step: year - years.first, year, sharpe: sharpeRatio(this.#returns.subarray(inSample.begin, end)) }
    }
  }

  finish(): Backtest {
    const { days, inSample, outOfSample } = this.#market
    this.#advance(days.length)
    return { inSample: this.#figures(inSample), outOfSample: this.#figures(outOfSample), returns: this.#returns }
  }

  #advance(end: number): void {
    for (const position of this.#positions) position.advance(end, this.#sums)
    const { gains, taking } = this.#sums
    for (; this.#day < end; this.#day++) {
      const count = taking[this.#day] as number
      if (count > 0) this.#returns[this.#day] = (gains[this.#day] as number) / count
    }
  }

  #figures({ begin, end }: Period): Figures {
    const { taking, sides, purchases } = this.#sums
    let trades = 0
    let costs = 0
    for (let day = begin; day < end; day++) {
      trades += purchases[day] as number
      if ((sides[day] as number) > 0) costs += (costOfASide * (sides[day] as number)) / (taking[day] as number)
    }
    return figuresOf(this.#returns.subarray(begin, end), { trades, costs })
  }
}
