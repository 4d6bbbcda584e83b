import { expect } from 'chai'
import { erf, expBelowZero, logCdf, logMass, truncatedQuantile } from '../../../../core/src/samplers/tpe/normal.ts'

describe('the normal distribution in the log domain', () => {
  it('is exact to twelve digits far into both tails', () => {
    // log Φ(x) by 50-digit arithmetic.
    for (const [x, expected] of [
      [0, -Math.LN2],
      [-1, -1.8410216450092636],
      [-5, -15.064998393988727],
      [-20, -203.91715537109727],
      [-100, -5005.524208694205],
      [3, -0.0013508099647481923],
      [8, -6.220960574271786e-16]
    ] as const)
      expect(logCdf(x) / expected).to.be.closeTo(1, 1e-12)
  })

  it('has an error function that is odd and bounded', () => {
    expect(erf(0.3)).to.be.closeTo(0.3286267594591274, 1e-15)
    expect(erf(-2)).to.be.closeTo(-0.9953222650189527, 1e-15)
    expect([erf(0), erf(30), erf(-30)]).to.deep.equal([0, 1, -1])
  })

  it('keeps the mass of an interval where both ends are far out', () => {
    expect(logMass(30, 31)).to.be.closeTo(logMass(-31, -30), 1e-9)
    expect(logMass(-40, 40)).to.equal(0)
    expect(logMass(10, 10.5)).to.be.within(-54, -53)
  })

  it('inverts its quantiles within a truncation, at any place', () => {
    for (const [a, b] of [
      [-1, 2],
      [-40, -30],
      [30, 40],
      [-0.001, 0.001],
      [-8, 50]
    ] as const)
      for (const q of [1e-9, 0.01, 0.5, 0.9, 1 - 1e-9]) {
        const x = truncatedQuantile(q, a, b)
        expect(x).to.be.within(a, b)
        expect(Math.exp(logMass(a, x) - logMass(a, b))).to.be.closeTo(q, 1e-9)
      }
    expect([truncatedQuantile(0, -1, 1), truncatedQuantile(1, -1, 1)]).to.deep.equal([-1, 1])
  })

  it('has an exponential below zero that is exact to fourteen digits', () => {
    for (let x = -80; x <= 0; x += 0.0173) expect(expBelowZero(x) / Math.exp(x)).to.be.closeTo(1, 1e-14)
    expect(expBelowZero(0)).to.equal(1)
  })
})
