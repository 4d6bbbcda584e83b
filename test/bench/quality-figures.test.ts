import { expect } from 'chai'
import { type QualityFigure, qualityFigures, shortfall, spread, standing } from './quality-figures.ts'

const figure = (median: number): QualityFigure => ({
  sampler: 'tpe',
  function: 'f',
  trials: 100,
  seeds: 20,
  median,
  q1: 0,
  q3: 9,
  optuna: { median: 2, q1: 1, q3: 3 }
})
const sixteen = (...medians: readonly number[]): readonly QualityFigure[] => Array.from({ length: 16 }, (_, i) => figure(medians[i] ?? 2.5))

describe('the quality of samplers', () => {
  it('is a median and quartiles between neighbours', () => {
    expect(spread([4, 1, 3, 2])).to.deep.equal({ median: 2.5, q1: 1.75, q3: 3.25 })
    expect(spread([7])).to.deep.equal({ median: 7, q1: 7, q3: 7 })
  })

  it("stands above Optuna's third quartile, below its median, or between", () => {
    expect([3.1, 3, 2, 1.9].map(median => standing(figure(median)))).to.deep.equal([
      'above third quartile',
      'between',
      'between',
      'below median'
    ])
  })

  it('falls short with a median above the third quartile, with five below the median, or with fewer figures', () => {
    expect(shortfall(sixteen(1, 1, 1, 1, 1, 1))).to.equal(undefined)
    expect(shortfall(sixteen(1, 1, 1, 1, 1, 1, 4))).to.include('got 1 and 6')
    expect(shortfall(sixteen(1, 1, 1, 1, 1))).to.include('got 0 and 5')
    expect(shortfall(sixteen().slice(1))).to.include('got 15')
  })

  it('is that of the best value so far: more trials of the same studies are never worse', async () => {
    const [few, many] = await qualityFigures('random', 'branin', 3, [5, 20])
    expect(many?.median).to.be.at.most(few?.median ?? Number.NaN)
    expect(few?.optuna).to.equal(undefined)
  })
})
