import type { Suggest } from '@rxtuna/core'

/** Draws its params and returns a value to minimize. */
export type TestFunction = (suggest: Suggest) => number

/** The functions that samplers are judged on, by name; draws come in the order in which Optuna's figures were made. */
export const functions: Readonly<Record<string, TestFunction>> = {
  sphere5: inBox(5, -5, 5, x => sum(x, v => v * v)),
  sphere5_shift: inBox(5, -5, 5, x => sum(x, (v, i) => (v - at(shift, i)) ** 2)),
  rosenbrock5: inBox(5, -2, 2, x => sum(x.slice(1), (next, i) => 100 * (next - at(x, i) ** 2) ** 2 + (1 - at(x, i)) ** 2)),
  ackley10: inBox(10, -32, 32, ackley),
  rastrigin5: inBox(5, -5.12, 5.12, x => 10 * x.length + sum(x, v => v * v - 10 * Math.cos(2 * Math.PI * v))),
  branin: suggest => branin(suggest.suggestFloat('x0', -5, 10), suggest.suggestFloat('x1', 0, 15)),
  hartmann6: inBox(6, 0, 1, hartmann6),
  mixed_cond: mixedConditional
}

const shift = [-3.1, 2.2, 0.7, -1.5, 4.0]

/** Ackley (1987), with a = 20, b = 0.2, c = 2π. */
function ackley(x: readonly number[]): number {
  const spread = Math.sqrt(sum(x, v => v * v) / x.length)
  const waves = sum(x, v => Math.cos(2 * Math.PI * v)) / x.length
  return -20 * Math.exp(-0.2 * spread) - Math.exp(waves) + 20 + Math.E
}

/** Branin; its three minima are 0.397887. */
function branin(x: number, y: number): number {
  const valley = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
  return valley ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
}

const hartmannWeights = [1.0, 1.2, 3.0, 3.2]
const hartmannScales = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14]
]
/** In units of 1e-4. */
const hartmannCentres = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381]
]

/** Hartmann in six dimensions; its minimum is −3.32237. */
function hartmann6(x: readonly number[]): number {
  return -sum(hartmannWeights, (weight, i) => {
    const [scales = [], centres = []] = [hartmannScales[i], hartmannCentres[i]]
    return weight * Math.exp(-sum(x, (v, j) => at(scales, j) * (v - at(centres, j) * 1e-4) ** 2))
  })
}

/** Three branches with parameters of every kind; the minimum, 0.05, lies in `mlp`, the one with the most parameters. */
function mixedConditional(suggest: Suggest): number {
  const algo = suggest.suggestCategorical('algo', ['svm', 'mlp', 'tree'])
  if (algo === 'svm') {
    const c = Math.log10(suggest.suggestFloat('C', 1e-3, 1e3, { log: true }))
    const gamma = Math.log10(suggest.suggestFloat('gamma', 1e-4, 10, { log: true }))
    return 0.1 + 0.02 * (c - 1) ** 2 + 0.03 * (gamma + 2) ** 2
  }
  if (algo === 'mlp') {
    const layers = suggest.suggestInt('layers', 1, 4)
    const rate = Math.log10(suggest.suggestFloat('lr', 1e-5, 1e-1, { log: true }))
    const activation = { relu: 0, tanh: 0.01, sigmoid: 0.05 }[suggest.suggestCategorical('act', ['relu', 'tanh', 'sigmoid'])]
    const units = Array.from({ length: layers }, (_, i) => suggest.suggestInt(`units${i}`, 16, 256, { step: 16 }))
    const misfit = sum(units, (count, i) => 0.01 * ((count - (i === 0 ? 128 : 64)) / 64) ** 2)
    return 0.05 + 0.05 * (rate + 3) ** 2 + 0.03 * (layers - 2) ** 2 + activation + misfit
  }
  const depth = suggest.suggestInt('depth', 2, 20)
  const eta = suggest.suggestFloat('eta', 0.05, 1, { step: 0.05 })
  return 0.08 + 0.002 * (depth - 8) ** 2 + 0.1 * (eta - 0.3) ** 2
}

function inBox(dimensions: number, low: number, high: number, of: (x: readonly number[]) => number): TestFunction {
  return suggest => of(Array.from({ length: dimensions }, (_, i) => suggest.suggestFloat(`x${i}`, low, high)))
}

function sum(values: readonly number[], term: (value: number, index: number) => number): number {
  return values.reduce((total, value, index) => total + term(value, index), 0)
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN
}
