import type { Params } from '@rxtuna/core'
import { paramSignature } from '@rxtuna/dedup'
import { expect } from 'chai'
import fc from 'fast-check'
import { failure } from './errors.ts'

const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.string(), fc.boolean(), fc.constant(null))
const params = fc.dictionary(
  fc.string({ minLength: 1 }).filter(name => name !== '__proto__'),
  value,
  { maxKeys: 6 }
)

describe('a signature', () => {
  it('is SHA-256 in 64 hexadecimal digits, and stays what it is from release to release', () => {
    expect(paramSignature({})).to.equal('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
    expect(paramSignature({ fast: 10, slow: 0.5 })).to.match(/^[0-9a-f]{64}$/)
  })

  it('does not depend on the order of suggestion, on the sign of zero, or on how a number is written', () => {
    expect(paramSignature({ a: 1, b: 2 })).to.equal(paramSignature({ b: 2, a: 1 }))
    expect(paramSignature({ a: -0 })).to.equal(paramSignature({ a: 0 }))
    expect(paramSignature({ a: parseFloat('1.0') })).to.equal(paramSignature({ a: 1 }))
  })

  it('tells true, 1, "1" and null apart, and a param from none', () => {
    const all = [{ a: true }, { a: 1 }, { a: '1' }, { a: null }, { a: 'null' }, { a: 'true' }, {}, { b: 1 }]
    expect(new Set(all.map(one => paramSignature(one))).size).to.equal(all.length)
  })

  it('never merges sets that have the same letters, as a hash over a set of bytes does', () => {
    expect(paramSignature({ a: 12 })).not.to.equal(paramSignature({ a: 21 }))
    expect(paramSignature({ a: 1, b: 2 })).not.to.equal(paramSignature({ a: 2, b: 1 }))
    const signatures = new Set<string>()
    for (let a = 0; a < 40; a++) for (let b = 0; b < 25; b++) signatures.add(paramSignature({ a, b }))
    expect(signatures.size).to.equal(1000)
  })

  it('does not round unless it is told to, so that small learning rates stay different', () => {
    expect(paramSignature({ rate: 1e-11 })).not.to.equal(paramSignature({ rate: 0 }))
    expect(paramSignature({ rate: 1e-12 })).not.to.equal(paramSignature({ rate: 3e-11 }))
  })

  it('rounds to the decimals that are asked for, each number of them on its own', () => {
    const rounded = (x: number, decimals: number): string => paramSignature({ x }, { decimals })
    expect(rounded(0.1 + 0.2, 10)).to.equal(paramSignature({ x: 0.3 }))
    expect(rounded(-1e-12, 10)).to.equal(paramSignature({ x: 0 }))
    expect(rounded(0.123456, 2)).to.equal(paramSignature({ x: 0.12 }))
    expect(rounded(0.123456, 4)).to.equal(paramSignature({ x: 0.1235 }))
    expect(rounded(1e300, 10)).to.equal(paramSignature({ x: 1e300 }))
    expect(paramSignature({ x: true, y: '0.15' }, { decimals: 1 })).to.equal(paramSignature({ x: true, y: '0.15' }))
  })

  it('refuses decimals that are none with a sentence', async () => {
    for (const decimals of [-1, 1.5, Number.NaN, 101]) {
      const { code, message } = await failure(() => paramSignature({ x: 1 }, { decimals }))
      expect(code).to.equal('SIGNATURE_DECIMALS')
      expect(message).to.contain(`got ${decimals}`)
    }
  })

  it('depends on the scope with all that is in it, but not on the order of its keys', () => {
    const one = { data: 'v1', symbols: ['AAPL', 'IBM'], period: { from: 2000, to: 2009 } }
    const same = { period: { to: 2009, from: 2000 }, symbols: ['AAPL', 'IBM'], data: 'v1' }
    const signed = (scope: typeof one): string => paramSignature({ x: 1 }, { scope })
    expect(signed(one)).to.equal(signed(same))
    expect(signed(one)).not.to.equal(paramSignature({ x: 1 }))
    expect(signed(one)).not.to.equal(signed({ ...one, data: 'v2' }))
    expect(signed(one)).not.to.equal(signed({ ...one, symbols: ['IBM', 'AAPL'] }))
    expect(signed(one)).not.to.equal(signed({ ...one, period: { from: 2000, to: 2010 } }))
  })

  it('refuses NaN, infinities and values of other types with a sentence, in params and in the scope', async () => {
    const bad = [Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, [1], { a: 1 }, new Date(0), new Set([1]), () => 1, Symbol('x')]
    for (const wrong of bad) {
      const { code, message } = await failure(() => paramSignature({ x: wrong } as unknown as Params))
      expect(code).to.equal('KEY_VALUE')
      expect(message).to.contain('"x"')
    }
    for (const wrong of [Number.NaN, Number.NEGATIVE_INFINITY, undefined, 1n, new Date(0), new Map(), () => 1]) {
      const { code } = await failure(() => paramSignature({ x: 1 }, { scope: { wrong: [wrong] } as never }))
      expect(code, String(wrong)).to.equal('SIGNATURE_SCOPE')
    }
  })

  it('is the same for equal sets and another one for others, whatever they hold', () => {
    const shuffled = (set: Params): Params => Object.fromEntries(Object.entries(set).reverse())
    const meaning = (set: Params): string =>
      JSON.stringify(
        Object.entries(set).sort(([a], [b]) => (a < b ? -1 : 1)),
        (_, item) => (Object.is(item, -0) ? 0 : item)
      )
    fc.assert(
      fc.property(params, params, (a, b) => {
        expect(paramSignature(a)).to.equal(paramSignature(shuffled(a)))
        expect(paramSignature(a) === paramSignature(b)).to.equal(meaning(a) === meaning(b))
      })
    )
  })
})
