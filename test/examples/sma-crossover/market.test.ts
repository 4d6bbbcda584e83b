import { expect } from 'chai'
import { dateOf, dayOf } from '../../../examples/sma-crossover/bars.ts'
import { firstFrom, marketOf, participation } from '../../../examples/sma-crossover/market.ts'
import { realMarket } from './real-market.ts'

const group = (key: string, ...dates: string[]) => {
  const prices = Float64Array.from(dates, (_, k) => k + 1)
  const columns = { day: Int32Array.from(dates, dayOf), open: prices, high: prices, low: prices, close: prices }
  return { key, length: dates.length, columns }
}

describe("the example's market", () => {
  it('has every day on which one of its symbols was traded, and fills nothing in', () => {
    const market = marketOf([group('A', '2001-02-28', '2001-03-02'), group('B', '2001-03-01', '2001-03-02', '2001-03-05'), group('C')])
    expect([...market.days].map(dateOf)).to.deep.equal(['2001-02-28', '2001-03-01', '2001-03-02', '2001-03-05'])
    expect(market.symbols.map(({ at }) => [...at])).to.deep.equal([[0, 2], [1, 2, 3], []])
    expect(market.inSample).to.deep.equal({ begin: 1, end: 4 })
    expect(market.outOfSample).to.deep.equal({ begin: 4, end: 4 })
  })

  it('takes the columns as they are, without a copy', () => {
    const bars = group('A', '2001-03-01')
    expect(marketOf([bars]).symbols[0]?.close).to.equal(bars.columns.close)
  })

  it('of no bars has no days', () => {
    expect([...marketOf([]).days]).to.deep.equal([])
    expect([...marketOf([group('A')]).days]).to.deep.equal([])
  })

  it('names a column that is missing', () => {
    const { low, ...columns } = group('A', '2001-03-01').columns
    expect(() => marketOf([{ key: 'A', length: 1, columns }])).to.throw(RangeError, 'Expected the column "low" of A, got none.')
  })

  it('has the same two periods for every `slow`: 2001-03-01 to 2009, and 2010 to 2013-03-01', async () => {
    const { days, inSample, outOfSample } = await realMarket()
    const dates = ({ begin, end }: { begin: number; end: number }) => [begin, end - 1].map(index => dateOf(days[index] as number))
    expect(dates(inSample)).to.deep.equal(['2001-03-01', '2009-12-31'])
    expect(dates(outOfSample)).to.deep.equal(['2010-01-04', '2013-03-01'])
    expect(firstFrom(days, '2030-01-01')).to.equal(days.length)
  })

  it('says from when a symbol can trade, and that FB never does at a `slow` of 196 or more', async () => {
    const market = await realMarket(['FB', 'IBM'])
    expect(participation(market, 60)).to.deep.equal([
      { symbol: 'FB', from: '2012-08-14' },
      { symbol: 'IBM', from: '2000-05-25' }
    ])
    expect(participation(market, 195)[0]).to.deep.equal({ symbol: 'FB', from: '2013-03-01' })
    expect(participation(market, 196)[0]).to.deep.equal({ symbol: 'FB' })
  })
})
