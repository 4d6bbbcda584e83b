import { expect } from 'chai'
import { dataFile, dateOf, dayOf, listSymbols, loadBars } from '../../../examples/sma-crossover/bars.ts'
import { groupsOf } from './real-market.ts'

describe("the example's bars", () => {
  it('are those of five symbols, each from its first day to 2013-03-01', async () => {
    const symbols = await listSymbols()
    expect(symbols).to.deep.equal(['AAPL', 'FB', 'GOOG', 'IBM', 'MSFT'])
    const spans = groupsOf(await loadBars(symbols)).map(({ key, length, columns }) => {
      const day = columns.day as ArrayLike<number>
      return `${key} ${length} ${dateOf(day[0] as number)}..${dateOf(day[length - 1] as number)}`
    })
    expect(spans).to.deep.equal([
      'AAPL 3270 2000-03-01..2013-03-01',
      'FB 196 2012-05-18..2013-03-01',
      'GOOG 2148 2004-08-19..2013-03-01',
      'IBM 3270 2000-03-01..2013-03-01',
      'MSFT 3270 2000-03-01..2013-03-01'
    ])
  })

  it('are an Arrow table with a dictionary of symbols, whole days and adjusted prices', async () => {
    const table = await loadBars(['AAPL'])
    expect(table.schema.fields.map(({ name, type }) => `${name}: ${type}`)).to.deep.equal([
      'symbol: Dictionary<Int32, Utf8>',
      'day: Int32',
      'open: Float64',
      'high: Float64',
      'low: Float64',
      'close: Float64'
    ])
    const first = table.get(0)?.toJSON()
    // 2000-03-01: open 118.56, high 132.06, low 118.5, close 130.31, adjusted close 4.186662803811.
    const factor = 4.186662803811 / 130.31
    expect(first).to.deep.equal({
      symbol: 'AAPL',
      day: dayOf('2000-03-01'),
      open: 118.56 * factor,
      high: 132.06 * factor,
      low: 118.5 * factor,
      close: 4.186662803811
    })
  })

  it('hold no split and no price outside its day: open, high, low and close are adjusted alike', async () => {
    const margin = 1 + 1e-9
    for (const { key, length, columns } of groupsOf(await loadBars(await listSymbols()))) {
      const at = (name: string, k: number): number => columns[name]?.[k] as number
      for (let k = 0; k < length; k++) {
        const [open, high, low, close] = [at('open', k), at('high', k), at('low', k), at('close', k)]
        const where = `${key} ${dateOf(at('day', k))}`
        expect(low, where).to.be.at.most(Math.min(open, close) * margin)
        expect(high * margin, where).to.be.at.least(Math.max(open, close))
        // Apple really opened at 0.527 of the day before once; a split of two for one would be 0.5.
        if (k > 0) expect(open / at('close', k - 1), where).to.be.within(0.52, 1.5)
      }
    }
  })

  it("come in the file's order whatever order was asked for, and are read anew each time", async () => {
    const one = await loadBars(['MSFT', 'GOOG'])
    const two = await loadBars(['GOOG', 'MSFT'])
    expect(one).not.to.equal(two)
    expect(groupsOf(one)).to.deep.equal(groupsOf(two))
    expect(groupsOf(one).map(({ key }) => key)).to.deep.equal(['GOOG', 'MSFT'])
  })

  it('of an unknown symbol are an error that names it', async () => {
    const error = await loadBars(['AAPL', 'AAPLE']).catch(error => error)
    expect(error).to.be.instanceOf(RangeError)
    expect(error.message).to.equal(`Expected symbols that ${dataFile} has, got "AAPLE". listSymbols() names them.`)
  })

  it('are not loaded for a caller that has left', async () => {
    const error = await loadBars(['AAPL'], AbortSignal.abort()).catch(error => error)
    expect(error).to.have.property('name', 'AbortError')
  })
})
