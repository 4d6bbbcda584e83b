import { expect } from 'chai'
import fc from 'fast-check'
import { decimal, duration, percent, plural, roundTogether, size, wrap } from '../../../examples/sma-crossover/format.ts'

describe("the table's numbers", () => {
  it('have commas between thousands, and no minus before a zero', () => {
    expect([decimal(1234.5678, 2), decimal(-0.0004, 3), decimal(-0, 0), decimal(22_400, 0)]).to.deep.equal([
      '1,234.57',
      '0.000',
      '0',
      '22,400'
    ])
  })

  it('read as percent, counts, times and sizes', () => {
    expect([percent(0.17684, 1), percent(-0.02, 2), percent(0.13, 0)]).to.deep.equal(['17.7 %', '-2.00 %', '13 %'])
    expect([plural(0, 'trial'), plural(1, 'trial'), plural(1200, 'trial')]).to.deep.equal(['0 trials', '1 trial', '1,200 trials'])
    expect([duration(0.4), duration(999.4), duration(999.6), duration(5800)]).to.deep.equal(['0 ms', '999 ms', '1.00 s', '5.80 s'])
    expect([size(999), size(84_200), size(999_600), size(1_240_000)]).to.deep.equal(['999 B', '84 kB', '1.0 MB', '1.2 MB'])
  })

  it('that are rounded together still sum to the rounded sum', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 8 }), values => {
        const rounded = roundTogether(values)
        const sum = (all: readonly number[]): number => all.reduce((total, value) => total + value, 0)
        expect(sum(rounded)).to.equal(Math.round(sum(values)))
        for (const [i, value] of values.entries()) expect(Math.abs((rounded[i] as number) - value)).to.be.below(1 + 1e-6)
      })
    )
  })

  it('that do not fit go on in the next line', () => {
    expect(wrap(['a =', 'bb', '+ cc', '+ dd'], 10, 2)).to.deep.equal(['a = bb', '  + cc', '  + dd'])
    expect(wrap(['a =', 'bb', '+ cc'], 11, 2)).to.deep.equal(['a = bb', '  + cc'])
    expect(wrap(['a =', 'bb', '+ cc'], 12, 2)).to.deep.equal(['a = bb + cc'])
  })
})
