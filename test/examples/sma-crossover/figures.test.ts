import { expect } from 'chai'
import { figuresOf, largestDrawdown, returnAYear, sharpeRatio } from '../../../examples/sma-crossover/figures.ts'

const returns = (...values: number[]): Float64Array => Float64Array.from(values)

describe('the figures of a period', () => {
  it('have a Sharpe ratio of mean over deviation with n − 1, a year of 252 days', () => {
    expect(sharpeRatio(returns(0.01, 0.03))).to.be.closeTo((0.02 / Math.sqrt(0.0002)) * Math.sqrt(252), 1e-12)
  })

  it('have a Sharpe ratio of 0 when the returns do not vary', () => {
    expect(sharpeRatio(returns())).to.equal(0)
    expect(sharpeRatio(returns(0.01))).to.equal(0)
    expect(sharpeRatio(new Float64Array(100))).to.equal(0)
    expect(sharpeRatio(new Float64Array(99).fill(0.1))).to.equal(0)
  })

  it("have a drawdown from the period's own highs, the start among them", () => {
    expect(largestDrawdown(returns(-0.1, 0.5, -0.2, 0.1, -0.2))).to.be.closeTo(1 - 0.8 * 1.1 * 0.8, 1e-12)
    expect(largestDrawdown(returns(-0.1, 0.05))).to.be.closeTo(0.1, 1e-12)
    expect(largestDrawdown(returns(0.1, 0.1))).to.equal(0)
  })

  it('have a compound return in 252 days', () => {
    expect(returnAYear(new Float64Array(126).fill(0.001))).to.be.closeTo(1.001 ** 252 - 1, 1e-12)
    expect(returnAYear(returns())).to.equal(0)
  })

  it('carry the number of trades and their costs', () => {
    expect(figuresOf(returns(0, 0), { trades: 3, costs: 0.002 })).to.deep.equal({
      sharpe: 0,
      drawdown: 0,
      returnAYear: 0,
      trades: 3,
      costs: 0.002
    })
  })
})
