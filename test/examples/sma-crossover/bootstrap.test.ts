import { expect } from 'chai'
import { bootstrap } from '../../../examples/sma-crossover/bootstrap.ts'
import { largestDrawdown, sharpeRatio } from '../../../examples/sma-crossover/figures.ts'
import { simulate } from '../../../examples/sma-crossover/strategy.ts'
import { realMarket } from './real-market.ts'

const bestReturns = async (): Promise<Float64Array> => {
  const market = await realMarket()
  const { returns } = simulate(market, { fast: 14, slow: 60, exit: 'trail', stop: 0.13 }).finish()
  return returns.subarray(market.inSample.begin, market.inSample.end)
}

describe('the bootstrap', () => {
  it('gives equal returns equal intervals, whatever was resampled before', async () => {
    const returns = await bestReturns()
    const first = bootstrap(returns)
    bootstrap(returns.toReversed())
    expect(bootstrap(returns.slice())).to.deep.equal(first)
  })

  it('has the same interval on every machine for the best params', async () => {
    const { lo, hi, dd95 } = bootstrap(await bestReturns())
    expect(lo).to.be.closeTo(0.70747, 5e-6)
    expect(hi).to.be.closeTo(1.842788, 5e-7)
    expect(dd95).to.be.closeTo(0.28785, 5e-6)
  })

  it('surrounds the Sharpe ratio and exceeds the drawdown of what it resamples', async () => {
    const returns = await bestReturns()
    const { lo, hi, dd95 } = bootstrap(returns)
    expect(sharpeRatio(returns)).to.be.within(lo, hi)
    expect(dd95).to.be.above(largestDrawdown(returns))
  })

  it('keeps the order of days within blocks, and closes the circle', () => {
    // One block long: each history is a rotation, with the Sharpe ratio of the original.
    const month = Float64Array.from({ length: 20 }, (_, day) => Math.sin(day) / 100)
    const { lo, hi, dd95 } = bootstrap(month)
    expect(lo).to.be.closeTo(sharpeRatio(month), 1e-9)
    expect(hi).to.be.closeTo(sharpeRatio(month), 1e-9)
    const rotations = month.map((_, first) => largestDrawdown(month.map((_, day) => month[(first + day) % 20] as number)))
    expect(dd95).to.be.within(Math.min(...rotations), Math.max(...rotations))
  })

  it('of nothing, or of no returns but zero, is zero', () => {
    expect(bootstrap(new Float64Array(0))).to.deep.equal({ lo: 0, hi: 0, dd95: 0 })
    expect(bootstrap(new Float64Array(300))).to.deep.equal({ lo: 0, hi: 0, dd95: 0 })
  })
})
