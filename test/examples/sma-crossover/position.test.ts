import { expect } from 'chai'
import { dayOf } from '../../../examples/sma-crossover/bars.ts'
import { marketOf, type SymbolGroup } from '../../../examples/sma-crossover/market.ts'
import { simulate } from '../../../examples/sma-crossover/strategy.ts'

type Bar = readonly [open: number, low: number, close: number]

// From 2001-02-27, so that the third bar opens the in-sample period.
const groupOf = (bars: readonly Bar[]): SymbolGroup => {
  const column = (i: 0 | 1 | 2) => Float64Array.from(bars, bar => bar[i])
  const day = Int32Array.from(bars, (_, k) => dayOf('2001-02-27') + k)
  return { key: 'X', length: bars.length, columns: { day, open: column(0), low: column(1), close: column(2) } }
}
const bars: readonly Bar[] = [
  [10, 10, 10],
  [11, 11, 11],
  [11, 10.9, 12],
  [11.5, 10.8, 12.2],
  [12.2, 11.9, 12],
  [12.1, 12, 13],
  [13, 11, 12.8],
  [12.8, 12.7, 13.5],
  [13.5, 13.4, 14],
  [12, 11.9, 12.1]
]
const market = marketOf([groupOf(bars)])
const side = 1 - 0.0005
const close = (returns: Float64Array, factors: readonly number[]): void => {
  expect(returns).to.have.length(factors.length)
  for (const [i, factor] of factors.entries()) expect(returns[i], `bar ${i}`).to.be.closeTo(factor - 1, 1e-12)
}

describe('a position', () => {
  it('is bought at the open after the averages cross, and sold at the open after they cross back', () => {
    const { inSample, returns } = simulate(market, { fast: 1, slow: 2, exit: 'cross' }).finish()
    close(returns, [
      1,
      1,
      (12 / 11) * side,
      12.2 / 12,
      12 / 12.2,
      (12.1 / 12) * side,
      (12.8 / 13) * side,
      (12.8 / 12.8) * side,
      (14 / 13.5) * side,
      12.1 / 14
    ])
    expect(inSample.trades).to.equal(3)
    expect(inSample.costs).to.be.closeTo(5 * 0.0005, 1e-12)
  })

  it('is stopped on the day of purchase too, at the open when that is lower, and waits for the next cross', () => {
    const { inSample, returns } = simulate(market, { fast: 1, slow: 2, exit: 'trail', stop: 0.1 }).finish()
    close(returns, [
      1,
      1,
      (12 / 11) * side,
      // The low is exactly the stop, 12 less a tenth.
      (10.8 / 12) * side,
      // Still up, but stopped: flat until the averages have crossed anew.
      1,
      1,
      side * (11.7 / 13) * side,
      1,
      (14 / 13.5) * side,
      // The open is already below 12.6: it is the fill.
      (12 / 14) * side
    ])
    expect(inSample.trades).to.equal(3)
    expect(inSample.costs).to.be.closeTo(6 * 0.0005, 1e-12)
  })

  it('is not bought on a tie of the averages, however their sums are rounded', () => {
    // Adding 0.7 to one sum and taking it from another leaves remainders of either sign.
    for (const price of [0.1, 0.7, 12.3, 33.33]) {
      const flat = marketOf([groupOf(Array.from({ length: 300 }, (_, k) => [price, price, k < 5 ? price * 3 : price] as const))])
      expect(simulate(flat, { fast: 3, slow: 10, exit: 'cross' }).finish().inSample.trades, `${price}`).to.equal(0)
    }
  })

  it('is stopped on a tie of the low with the stop, however the product is rounded', () => {
    for (const stop of [0.02, 0.06, 0.07, 0.13, 0.17]) {
      for (const price of [10, 30, 70, 110]) {
        const low = Number((price * (1 - stop)).toFixed(6))
        const rising: Bar[] = [
          [price - 2, price - 2, price - 2],
          [price - 1, price - 1, price - 1],
          [price, low, price]
        ]
        const { sharpe: _, ...figures } = simulate(marketOf([groupOf(rising)]), { fast: 1, slow: 2, exit: 'trail', stop }).finish().inSample
        expect(figures.costs, `${price} less ${stop}`).to.equal(0.001)
      }
    }
  })

  it('shares the day with those taking part, flat ones included', () => {
    const flat = { ...groupOf(bars.map(() => [5, 5, 5] as const)), key: 'Y' }
    const late = { ...groupOf(bars.slice(0, 2)), key: 'Z' }
    const { inSample, returns } = simulate(marketOf([groupOf(bars), flat, late]), { fast: 1, slow: 2, exit: 'cross' }).finish()
    expect(returns[2]).to.be.closeTo(((12 / 11) * side - 1) / 2, 1e-12)
    expect(inSample.costs).to.be.closeTo((5 * 0.0005) / 2, 1e-12)
  })
})
