import { categorical, float, int, type ParamValue } from '@rxtuna/core'
import { expect } from 'chai'
import { containsInternal, isCompatible, toExternal, toInternal } from '../../core/src/distributions.ts'
import { pythonEqual, pythonFloatOf, spellsNumber } from '../../core/src/python/values.ts'

describe('a parameter in internal form', () => {
  it('is a number, or the index of the first choice that Python takes for equal', () => {
    expect(toInternal(float(0, 1), 7)).to.equal(7)
    expect(toInternal(int(0, 1), true)).to.equal(1)
    const choices = categorical<ParamValue>([0, 'a', null, true, Number.NaN])
    const internal = [false, 0, 'a', null, 1, true, Number.NaN].map(value => toInternal(choices, value))
    expect(internal).to.deep.equal([0, 0, 1, 2, 3, 3, 4])
  })

  it('is NaN for what the parameter cannot be', () => {
    for (const value of [null, 'abc', '', Number.NaN]) expect(toInternal(float(0, 1), value)).to.deep.equal(Number.NaN)
    for (const value of [0, -1, false]) expect(toInternal(float(1, 2, { log: true }), value)).to.deep.equal(Number.NaN)
    expect(toInternal(categorical(['a']), 'b')).to.deep.equal(Number.NaN)
  })

  it('comes back as it was, cut to a whole number where it is one', () => {
    expect(toExternal(float(0, 1), 0.5)).to.equal(0.5)
    expect(toExternal(int(0, 9), 3.7)).to.equal(3)
    expect(toExternal(categorical(['a', 'b']), 1.9)).to.equal('b')
    expect(toExternal(categorical(['a', 'b']), 2)).to.equal(undefined)
    expect([-1, -0.5, 0, 1.9, 2].map(value => containsInternal(categorical(['a', 'b']), value))).to.deep.equal([
      false,
      true,
      true,
      true,
      false
    ])
  })
})

describe('two distributions', () => {
  it('fit into one study when their kind, scale and choices are the same, whatever their bounds', () => {
    expect(isCompatible(float(0, 1), float(5, 9, { step: 0.5 }))).to.equal(true)
    expect(isCompatible(float(1, 2), float(1, 2, { log: true }))).to.equal(false)
    expect(isCompatible(float(0, 1), int(0, 1))).to.equal(false)
    expect(isCompatible(categorical([1, 'a']), categorical([true, 'a']))).to.equal(true)
    expect(isCompatible(categorical(['a', 'b']), categorical(['b', 'a']))).to.equal(false)
  })
})

describe('values of Python', () => {
  it('are equal as numbers, booleans among them, and NaN is itself', () => {
    expect([pythonEqual(true, 1), pythonEqual(false, 0), pythonEqual(Number.NaN, Number.NaN)]).to.deep.equal([true, true, true])
    expect([pythonEqual('1', 1), pythonEqual(null, 0), pythonEqual(null, null)]).to.deep.equal([false, false, true])
  })

  it('are read from a text as float() reads them', () => {
    const read = ['1.5', ' -3 ', '1e3', '.5', '5.', '1_000', '-inf', 'Infinity'].map(pythonFloatOf)
    expect(read).to.deep.equal([1.5, -3, 1000, 0.5, 5, 1000, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
    for (const text of ['', ' ', 'abc', '0x10', '1__0', 'e5', '1,5']) expect(pythonFloatOf(text), text).to.deep.equal(Number.NaN)
    expect([spellsNumber('nan'), spellsNumber('1'), spellsNumber('abc')]).to.deep.equal([true, true, false])
  })
})
