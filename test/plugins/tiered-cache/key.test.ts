import { hash } from 'node:crypto'
import { expect } from 'chai'
import { identifier, keyOfText, requestText, type TableRequest } from '../../../plugins/tiered-cache/src/key.ts'

const example: TableRequest = {
  symbols: ['AAPL', 'MSFT'],
  startDate: '2023-01-01',
  endDate: '2023-12-31',
  resolution: '1d',
  dataSource: 'yfinance'
}
const keyOf = identifier()

describe('the key of a table request', () => {
  it('is the first 16 digits of the SHA-256 of the JSON that Python writes', () => {
    const text =
      '{"data_source": "yfinance", "end_date": "2023-12-31", "resolution": "1d", "start_date": "2023-01-01", "symbols": ["AAPL", "MSFT"]}'
    expect(requestText(example)).to.equal(text)
    expect(keyOf(example).key)
      .to.equal('8a3c9ff46519d39e')
      .and.to.equal(hash('sha256', text, 'hex').slice(0, 16))
  })

  it('does not depend on the order of the symbols or on a symbol that is named twice', () => {
    expect(keyOf({ ...example, symbols: ['MSFT', 'AAPL', 'MSFT'] })).to.deep.equal(keyOf(example))
  })

  it('escapes what is not printable ASCII as Python does', () => {
    const text = requestText({ ...example, dataSource: 'é\u007f\n"\\/😀' })
    expect(text).to.contain('"data_source": "\\u00e9\\u007f\\n\\"\\\\/\\ud83d\\ude00"')
  })

  it('sorts symbols by code point, not by UTF-16 unit', () => {
    expect(requestText({ ...example, symbols: ['😀', 'Ａ', 'a', 'ab'] })).to.contain('["a", "ab", "\\uff21", "\\ud83d\\ude00"]')
  })

  it('holds what is extra only where it is given', () => {
    expect(keyOf({ ...example, extra: {} })).to.deep.equal(keyOf(example))
    const text = requestText({ ...example, extra: { tz: 'UTC', adjustment: 'split' } })
    expect(text).to.contain('"end_date": "2023-12-31", "extra": {"adjustment": "split", "tz": "UTC"}, "resolution"')
    expect(keyOfText(text)).not.to.equal(keyOf(example).key)
  })

  it('keeps joined and separate symbols apart', () => {
    expect(keyOf({ ...example, symbols: ['A,B'] }).key).not.to.equal(keyOf({ ...example, symbols: ['A', 'B'] }).key)
  })

  it('follows a request that changes, though those of late are not spelled again', () => {
    const symbols = ['AAPL']
    const extra: Record<string, string> = { tz: 'UTC' }
    const request = { ...example, symbols, extra }
    const first = keyOf(request)
    expect(keyOf({ ...request, symbols: ['AAPL'], extra: { tz: 'UTC' } })).to.equal(first)
    const keys = [first.key]
    const changes = [() => symbols.push('MSFT'), () => symbols.splice(0, 1, 'GOOG'), () => (extra.tz = 'CET'), () => (extra.a = 'b')]
    for (const change of changes) {
      change()
      keys.push(keyOf(request).key)
      expect(keyOf(request).text).to.equal(requestText(request))
    }
    for (const name of ['startDate', 'endDate', 'resolution', 'dataSource'] as const) keys.push(keyOf({ ...request, [name]: 'other' }).key)
    keys.push(keyOf({ ...example, symbols }).key, keyOf({ ...example, symbols, extra: {} }).key)
    expect(new Set(keys).size).to.equal(keys.length - 1)
    expect(() => keyOf({ ...request, symbols: 'GOOG' as never })).to.throw('Expected `symbols`')
    for (const odd of [{ ...example, extra: undefined }, example]) {
      keyOf(odd as TableRequest)
      expect(() => keyOf({ ...example, adjustment: 'x' } as TableRequest)).to.throw('got "adjustment"')
    }
  })

  it('is refused with a sentence for anything else than strings', () => {
    const wrong: readonly [unknown, string][] = [
      [{ ...example, symbols: 'AAPL' }, 'Expected `symbols` of a table request to be an array of strings, got "AAPL".'],
      [{ ...example, symbols: ['AAPL', 1] }, 'Expected `symbols` of a table request to be an array of strings, got ["AAPL", 1].'],
      [{ ...example, startDate: new Date(0) }, 'Expected `startDate` of a table request to be a string'],
      [{ ...example, extra: { day: 1 } }, 'Expected `extra.day` of a table request to be a string, got 1.']
    ]
    for (const [request, sentence] of wrong) expect(() => requestText(request as TableRequest)).to.throw(sentence)
  })
})
