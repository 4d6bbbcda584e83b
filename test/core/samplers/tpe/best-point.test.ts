import { float } from '@rxtuna/core'
import { expect } from 'chai'
import { randomStream } from '../../../../core/src/random-stream.ts'
import { bestCandidate } from '../../../../core/src/samplers/tpe/best-candidate.ts'
import { bestPoint } from '../../../../core/src/samplers/tpe/best-point.ts'
import { dimensionOf } from '../../../../core/src/samplers/tpe/dimension.ts'
import type { Mixture } from '../../../../core/src/samplers/tpe/mixture.ts'
import { mixtureOf } from '../../../../core/src/samplers/tpe/mixture-of.ts'

const dimension = dimensionOf(float(0, 1))

describe('the point that tpe takes', () => {
  it('has no smaller ratio of densities than the best of its draws, and mostly a larger one', () => {
    let larger = 0
    for (let round = 0; round < 30; round++) {
      const stream = randomStream(round, 0, 0, 'observations')
      const mixture = (count: number): Mixture =>
        mixtureOf(Array.from({ length: 4 }, () => ({ dimension, values: Array.from({ length: count }, () => stream.next()) })))
      const [below, above] = [mixture(8), mixture(70)]
      const ratio = (point: readonly number[]): number => below.logDensity(point) - above.logDensity(point)
      const again = randomStream(round, 1, 0, 'draws')
      const draws = Array.from({ length: 24 }, () => below.sample(below.component(again.next()), () => again.next()))
      const drawn = ratio(draws[bestCandidate(below, above, draws)?.index ?? 0] as number[])
      const taken = ratio(bestPoint(below, above, randomStream(round, 1, 0, 'draws'), 24))
      expect(taken).to.be.at.least(drawn - 1e-9)
      if (taken > drawn + 1e-9) larger++
    }
    expect(larger).to.be.above(15)
  })
})
