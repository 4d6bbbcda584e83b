import { categorical, float, int, type SpaceTable } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { contains } from '../../core/src/distributions.ts'
import { SearchSpaceGroups } from '../../core/src/search-space-groups.ts'
import { SearchSpaceTransform } from '../../core/src/search-space-transform.ts'

const space: SpaceTable = {
  x: float(-3, 5),
  lr: float(1e-5, 1, { log: true }),
  q: float(0, 1, { step: 0.25 }),
  n: int(1, 100, { log: true }),
  k: int(-4, 8, { step: 3 }),
  c: categorical(['a', 'b', null])
}
const params = { x: 1.5, lr: 0.01, q: 0.75, n: 20, k: 2, c: 'b' }

describe('a search space as a box', () => {
  it('gives params back as they were', () => {
    for (const log of [true, false])
      for (const unit of [true, false]) {
        const transform = new SearchSpaceTransform(space, { log, unit })
        const { lr, x, ...rest } = transform.untransform(transform.transform(params)) as typeof params
        const { lr: rate, x: real, ...others } = params
        expect(rest).to.deep.equal(others)
        expect(lr).to.be.closeTo(rate, 1e-15)
        expect(x).to.be.closeTo(real, 1e-14)
      }
  })

  it('has a column per number and one per choice, half a step beyond a grid, and logarithms', () => {
    const transform = new SearchSpaceTransform(space)
    expect(transform.columns).to.deep.equal([[0], [1], [2], [3], [4], [5, 6, 7]])
    expect(transform.bounds[2]).to.deep.equal([-0.125, 1.125])
    expect(transform.bounds[3]).to.deep.equal([Math.log(0.5), Math.log(100.5)])
    expect(transform.bounds[4]).to.deep.equal([-5.5, 9.5])
    expect(new SearchSpaceTransform(space, { step: false }).bounds[4]).to.deep.equal([-4, 8])
    expect([...transform.transform(params)].slice(5)).to.deep.equal([0, 1, 0])
  })

  it('has 0.5 for what has one value, in the unit cube', () => {
    const transform = new SearchSpaceTransform({ one: float(2, 2) }, { unit: true })
    expect([...transform.transform({ one: 2 })]).to.deep.equal([0.5])
    expect(transform.untransform([0.5])).to.deep.equal({ one: 2 })
  })

  it('holds nothing that is out of range or off its grid', () => {
    const transform = new SearchSpaceTransform(space, { unit: true })
    const unit = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.array(unit, { minLength: 8, maxLength: 8 }), point => {
        for (const [name, value] of Object.entries(transform.untransform(point)))
          expect(contains(space[name] as SpaceTable[string], value), `${name} ${value}`).to.equal(true)
      })
    )
  })
})

describe('groups of a conditional space', () => {
  it('hold what was always suggested together', () => {
    const groups = new SearchSpaceGroups()
    const names = (): string[][] => groups.groups.map(group => Object.keys(group))
    groups.add({ kind: categorical(['a', 'b']), x: float(0, 1), y: float(0, 1) })
    expect(names()).to.deep.equal([['kind', 'x', 'y']])
    groups.add({ kind: categorical(['a', 'b']), z: float(0, 1) })
    expect(names()).to.deep.equal([['kind'], ['x', 'y'], ['z']])
    groups.add({})
    expect(names()).to.deep.equal([['kind'], ['x', 'y'], ['z']])
  })
})
