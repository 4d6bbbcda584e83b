import { type Json, StudyError } from '@rxtuna/core'
import { fromPythonJson, pythonFloat, toPythonJson } from '@rxtuna/core/python'
import { expect } from 'chai'
import fc from 'fast-check'

describe("JSON in Python's spelling", () => {
  it('has blanks after commas and colons, and escapes what is not printable ASCII', () => {
    const value = { a: [1, 2.5, null, true], ü: '😀\u007f\n"\\' }
    expect(toPythonJson(value, 'key')).to.equal('{"a": [1, 2.5, null, true], "\\u00fc": "\\ud83d\\ude00\\u007f\\n\\"\\\\"}')
    expect(toPythonJson([[], {}], 'key')).to.equal('[[], {}]')
  })

  it('spells floats as Python does', () => {
    const spelled: [number, string][] = [
      [1, '1.0'],
      [-0, '-0.0'],
      [0.1 + 0.2, '0.30000000000000004'],
      [1e-4, '0.0001'],
      [1e-5, '1e-05'],
      [1.5e-7, '1.5e-07'],
      [123456789012345680, '1.2345678901234568e+17'],
      [1e15, '1000000000000000.0'],
      [1e16, '1e+16'],
      [-1e22, '-1e+22'],
      [5e-324, '5e-324'],
      [Number.NEGATIVE_INFINITY, '-Infinity']
    ]
    for (const [value, text] of spelled) expect(pythonFloat(value)).to.equal(text)
  })

  it('writes whole numbers as ints, and what is beyond 2^53 as floats', () => {
    expect(toPythonJson([3, -0, 2 ** 53, 1e21, Number.NaN], 'key')).to.equal('[3, -0.0, 9007199254740992.0, 1e+21, NaN]')
  })

  it('reads the tokens and integers that JSON does not have, and writes them back unchanged', () => {
    const text = '{"nan": NaN, "list": [-Infinity, 100000000000000000000, "NaN", 0.30000000000000004, 1e400]}'
    const value = fromPythonJson(text)
    expect(value).to.deep.equal({
      nan: { $python: 'NaN' },
      list: [{ $python: '-Infinity' }, { $python: '100000000000000000000' }, 'NaN', 0.30000000000000004, { $python: 'Infinity' }]
    })
    expect(toPythonJson(value, 'key')).to.equal(text.replace('1e400', 'Infinity'))
    expect(fromPythonJson('[NaN, -Infinity, 100000000000000000000]', { tokens: 'number' })).to.deep.equal([
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      1e20
    ])
  })

  it('is read again as the value that was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), value => {
        const text = toPythonJson(value as Json, 'key')
        expect(fromPythonJson(text)).to.deep.equal(value)
        // The longer way round must read the same.
        expect((fromPythonJson(`[${text}, NaN]`, { tokens: 'number' }) as Json[])[0]).to.deep.equal(value)
      })
    )
  })

  it('refuses what is no JSON, in both directions', () => {
    for (const value of [undefined, () => 1, 1n, new Date(0), new Map(), [Symbol('x')]])
      expect(() => toPythonJson(value as unknown as Json, 'key'))
        .to.throw(StudyError, 'the attribute "key"')
        .with.property('code', 'ATTRIBUTE_VALUE')
    for (const text of ['[NaN', '[NaN,]', '[NaN 1]', '{"a" NaN}', '{NaN: 1}', 'NaN NaN', '[NaN, nul]', ''])
      expect(() => fromPythonJson(text), text).to.throw(SyntaxError)
  })
})
