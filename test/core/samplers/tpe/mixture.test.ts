import { categorical, float, int } from '@rxtuna/core'
import { expect } from 'chai'
import { Column, wholeColumn } from '../../../../core/src/column.ts'
import { randomStream } from '../../../../core/src/random-stream.ts'
import { type Dimension, dimensionOf, toKernelScale } from '../../../../core/src/samplers/tpe/dimension.ts'
import { type Lie, Mixture } from '../../../../core/src/samplers/tpe/mixture.ts'
import { mixtureOf } from '../../../../core/src/samplers/tpe/mixture-of.ts'
import { logDensity, logShare } from '../../../../core/src/samplers/tpe/normal.ts'

const dimensions = [
  dimensionOf(float(-1, 1)),
  dimensionOf(float(1e-3, 10, { log: true })),
  dimensionOf(int(1, 20)),
  dimensionOf(int(1, 500, { log: true })),
  dimensionOf(float(0, 1, { step: 0.25 })),
  dimensionOf(categorical(['a', 'b', 'c']))
]
const stream = randomStream(11, 0, 0, 'kept')
const value = (dimension: Dimension): number => {
  if (dimension.kind === 'categorical') return stream.int(0, dimension.choices - 1)
  const { first, last, step, log } = dimension
  if (step > 0) return first + step * stream.int(0, Math.round((last - first) / step))
  // Sparse towards the upper end, where kernels are as wide as the gaps between them.
  const share = stream.next() ** 8
  return log ? Math.exp(Math.log(first) + share * Math.log(last / first)) : first + share * (last - first)
}
describe('a mixture that is kept from draw to draw', () => {
  it('has the densities of one that is made anew, whatever joins, leaves and runs in between', () => {
    const columns = dimensions.map(() => new Column())
    const kept = new Mixture(dimensions)
    let number = 0
    const gaps: number[] = []
    const push = (at: number): void => {
      for (const [d, column] of columns.entries()) column.push(at, value(dimensions[d] as Dimension))
    }
    for (let draw = 0; draw < 300; draw++) {
      // Several trials at a time at first, and now and then, so that there are more than one block of them; gaps are trials that failed or run.
      for (let i = 0; i < (draw < 20 ? 20 : draw % 50 === 0 ? 200 : 1); i++) {
        number++
        if (stream.next() < 0.3) gaps.push(number++)
        push(number)
      }
      // Some end after later ones, most of these soon.
      while (gaps.length > 0 && stream.next() < 0.4) {
        const [late] = gaps.splice(stream.next() < 0.8 ? -1 : stream.int(0, gaps.length - 1), 1)
        push(late as number)
      }
      // The view ends before the columns do, as in a deterministic run.
      const rows = (columns[0]?.length ?? 0) - 2
      const views = columns.map(wholeColumn)
      const picked = Array.from({ length: Math.min(25, Math.ceil(rows / 10)) }, () => stream.int(0, rows - 1))
      const good = [...new Set(picked)].sort((a, b) => a - b)
      const lies: Lie[] = Array.from({ length: draw % 5 }, (_, i) => ({
        number: i === 0 ? number - 3.5 : number + i,
        values: dimensions.map(value)
      }))
      // What belongs to it, in the order of numbers.
      const numbers = columns[0]?.numbers ?? new Int32Array(0)
      const members = [
        ...Array.from({ length: rows }, (_, row) => row)
          .filter(row => !good.includes(row))
          .map(row => ({ number: numbers[row] as number, values: columns.map(column => column.lane()[row] as number) })),
        ...lies
      ].sort((a, b) => a.number - b.number)
      const fresh = mixtureOf(dimensions.map((dimension, d) => ({ dimension, values: members.map(({ values }) => values[d] as number) })))
      kept.begin({ columns: views, rows, without: good, lies })
      for (let i = 0; i < 3; i++) {
        const point = dimensions.map(dimension => toKernelScale(dimension, value(dimension)))
        expect(kept.logDensity(point), `draw ${draw}`).to.be.closeTo(fresh.logDensity(point), 1e-9)
      }
      kept.end()
    }
  })

  it('leaves out only what does not count: its densities are those of all kernels summed', () => {
    const spaces = [float(-1, 1), float(1e-3, 10, { log: true }), float(0, 1), categorical(['a', 'b', 'c'])].map(dimensionOf)
    // Most values in a small part of the space, so that kernels are as narrow as they get there; some beyond it, as fixed ones may be.
    const near = (dimension: Dimension): number => {
      const drawn = value(dimension)
      if (dimension.kind === 'categorical' || dimension.log) return drawn
      const chance = stream.next()
      return chance < 0.7 ? dimension.first + 0.01 * (drawn - dimension.first) : chance < 0.72 ? drawn + 5 : drawn
    }
    const mixture = mixtureOf(spaces.map(dimension => ({ dimension, values: Array.from({ length: 1000 }, () => near(dimension)) })))
    for (let i = 0; i < 200; i++) {
      const point = spaces.map(dimension => toKernelScale(dimension, i % 2 ? near(dimension) : value(dimension)))
      if (point.some((at, d) => isOutside(spaces[d] as Dimension, at))) continue
      let sum = 0
      for (let component = 0; component <= mixture.count; component++) {
        let density = mixture.weight(component)
        for (const [d, dimension] of spaces.entries()) {
          const [mu = 0, sigma = 0] = mixture.shape(component, d)
          if (dimension.kind === 'categorical') density *= mixture.shape(component, d)[point[d] as number] as number
          else
            density *=
              Math.exp(logDensity(((point[d] as number) - mu) / sigma) - logShare(mu, sigma, dimension.low, dimension.high)) / sigma
        }
        sum += density
      }
      expect(mixture.logDensity(point), `point ${i}`).to.be.closeTo(Math.log(sum), 1e-11)
    }
  })
})

function isOutside(dimension: Dimension, at: number): boolean {
  return dimension.kind === 'numerical' && (at < dimension.low || at > dimension.high)
}
