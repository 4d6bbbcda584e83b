import type { Params, ParamValue, Suggest } from '@rxtuna/core'
import { expect } from 'chai'
import { functions } from './quality-functions.ts'

/** The value of a function at given params, each of which it must ask for. */
function valueAt(name: string, params: Params): number {
  const left = new Set(Object.keys(params))
  const take = (param: string): ParamValue => {
    expect(left.delete(param), `${param} is asked for once`).to.equal(true)
    return params[param] as ParamValue
  }
  const suggest = { suggestFloat: take, suggestInt: take, suggestCategorical: take } as unknown as Suggest
  const value = functions[name]?.(suggest) ?? Number.NaN
  expect([...left]).to.deep.equal([])
  return value
}

const point = (...x: readonly number[]): Params => Object.fromEntries(x.map((value, index) => [`x${index}`, value]))

describe('the functions that samplers are judged on', () => {
  it('have their known minima where they are known to be', () => {
    expect(valueAt('sphere5', point(0, 0, 0, 0, 0))).to.equal(0)
    expect(valueAt('sphere5_shift', point(-3.1, 2.2, 0.7, -1.5, 4))).to.equal(0)
    expect(valueAt('rosenbrock5', point(1, 1, 1, 1, 1))).to.equal(0)
    expect(valueAt('ackley10', point(0, 0, 0, 0, 0, 0, 0, 0, 0, 0))).to.be.closeTo(0, 1e-12)
    expect(valueAt('rastrigin5', point(0, 0, 0, 0, 0))).to.equal(0)
    for (const [x, y] of [
      [-Math.PI, 12.275],
      [Math.PI, 2.275],
      [9.42478, 2.475]
    ] as const)
      expect(valueAt('branin', point(x, y))).to.be.closeTo(0.397887, 1e-6)
    expect(valueAt('hartmann6', point(0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573))).to.be.closeTo(-3.32237, 1e-5)
    expect(valueAt('mixed_cond', { algo: 'mlp', layers: 2, lr: 1e-3, act: 'relu', units0: 128, units1: 64 })).to.be.closeTo(0.05, 1e-12)
    expect(valueAt('mixed_cond', { algo: 'svm', C: 10, gamma: 0.01 })).to.be.closeTo(0.1, 1e-12)
    expect(valueAt('mixed_cond', { algo: 'tree', depth: 8, eta: 0.3 })).to.be.closeTo(0.08, 1e-12)
  })

  it('have the values of their formulas away from there', () => {
    expect(valueAt('rosenbrock5', point(0, 1, 0, 1, 0))).to.equal(402)
    expect(valueAt('rastrigin5', point(0.5, 0, 0, 0, 0))).to.be.closeTo(20.25, 1e-12)
    expect(valueAt('mixed_cond', { algo: 'mlp', layers: 1, lr: 1e-4, act: 'tanh', units0: 64 })).to.be.closeTo(0.15, 1e-12)
    expect(valueAt('mixed_cond', { algo: 'tree', depth: 18, eta: 0.8 })).to.be.closeTo(0.305, 1e-12)
  })
})
