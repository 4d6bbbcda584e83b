import { type Params, type ParamValue, paramKey } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { thrownCode } from './rejection.ts'

describe('paramKey', () => {
  it('does not depend on the order in which params were suggested', () => {
    expect(paramKey({ b: 1, a: 2 })).to.equal(paramKey({ a: 2, b: 1 }))
    expect(paramKey({ b: 1, a: 2 })).to.equal('{"a":2,"b":1}')
  })

  it('orders names by their UTF-16 units, as RFC 8785 does', () => {
    // U+1F600 is two units from D83D on, which come before U+FB33.
    expect(paramKey({ '\ufb33': 1, '😀': 2, é: 3, e: 4 })).to.equal('{"e":4,"é":3,"😀":2,"\ufb33":1}')
  })

  it('takes -0 for 0 and 1.0 for 1, and a number by its shortest decimal', () => {
    expect(paramKey({ x: -0 })).to.equal(paramKey({ x: 0 }))
    expect(paramKey({ x: 1.0 })).to.equal('{"x":1}')
    expect(paramKey({ x: 1e21, y: 1e-7, z: 0.1 + 0.2 })).to.equal('{"x":1e+21,"y":1e-7,"z":0.30000000000000004}')
    expect(paramKey({ x: 1e-11 })).to.not.equal(paramKey({ x: 0 }))
  })

  it('keeps choices apart by their type', () => {
    const keys = [1, '1', true, 'true', null, 'null', 0, false, ''].map(x => paramKey({ x }))
    expect(new Set(keys).size).to.equal(keys.length)
  })

  it('keeps apart a missing param and any value, and names that look like text of others', () => {
    expect(paramKey({})).to.equal('{}')
    expect(paramKey({ a: null })).to.not.equal(paramKey({}))
    expect(paramKey({ 'a":1,"b': 2 })).to.not.equal(paramKey({ a: 1, b: 2 }))
  })

  it('escapes text, and keeps lone surrogates apart', () => {
    expect(paramKey({ x: 'a"\\\n' })).to.equal('{"x":"a\\"\\\\\\n"}')
    expect(paramKey({ x: '\ud800' })).to.not.equal(paramKey({ x: '\ud801' }))
  })

  it('does not take two spellings of one glyph for the same text', () => {
    expect(paramKey({ x: 'é' })).to.not.equal(paramKey({ x: 'e\u0301' }))
  })

  it('refuses what it could only merge with something else', () => {
    const refused = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      undefined,
      1n,
      {},
      [1],
      Symbol('s'),
      () => 1,
      new Date(0)
    ]
    for (const x of refused) expect(thrownCode(() => paramKey({ x: x as ParamValue }))).to.equal('KEY_VALUE')
  })

  it('is equal exactly for equal sets', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer({ min: -3, max: 3 }),
      fc.boolean(),
      fc.constant(null),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('1', 'true', 'null', '0', '-0')
    )
    const set = fc.dictionary(fc.string({ minLength: 1, maxLength: 2 }), value, { maxKeys: 3, noNullPrototype: true })
    const same = (a: Params, b: Params): boolean =>
      Object.keys(a).length === Object.keys(b).length && Object.keys(a).every(name => Object.hasOwn(b, name) && a[name] === b[name])
    fc.assert(
      fc.property(set, set, (a, b) => {
        expect(paramKey(a) === paramKey(b)).to.equal(same(a, b))
        const reversed = Object.fromEntries(Object.entries(a).reverse())
        expect(paramKey(reversed)).to.equal(paramKey(a))
      }),
      { numRuns: 2000, seed: 42 }
    )
  })
})
