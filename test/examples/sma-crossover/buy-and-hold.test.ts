import { expect } from 'chai'
import { buyAndHold } from '../../../examples/sma-crossover/buy-and-hold.ts'
import { allSymbols, realMarket } from './real-market.ts'

describe('buy and hold', () => {
  it('has the reference figures, each symbol from its second bar', async () => {
    const { inSample, outOfSample } = buyAndHold(await realMarket())
    expect(inSample.sharpe).to.be.closeTo(0.795131, 5e-7)
    expect(outOfSample.sharpe).to.be.closeTo(0.684634, 5e-7)
    expect([inSample.trades, inSample.costs, outOfSample.trades, outOfSample.costs]).to.deep.equal([0, 0, 0, 0])
  })

  it('depends on FB out of sample only', async () => {
    const all = buyAndHold(await realMarket())
    const without = buyAndHold(await realMarket(allSymbols.filter(symbol => symbol !== 'FB')))
    expect(without.inSample).to.deep.equal(all.inSample)
    expect(without.outOfSample.sharpe).to.be.closeTo(0.776, 5e-4)
  })
})
