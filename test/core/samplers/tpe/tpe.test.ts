import { categorical, createStudy, float, int, memory, pruners, type Sampler, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import { Column } from '../../../../core/src/column.ts'
import { randomStream } from '../../../../core/src/random-stream.ts'
import { bestCandidate } from '../../../../core/src/samplers/tpe/best-candidate.ts'
import { dimensionOf } from '../../../../core/src/samplers/tpe/dimension.ts'
import type { Mixture } from '../../../../core/src/samplers/tpe/mixture.ts'
import { mixtureOf } from '../../../../core/src/samplers/tpe/mixture-of.ts'
import { bestNumbers } from '../../../../core/src/samplers/tpe/split.ts'

const bowl = {
  space: space({ x: float(-5, 5), y: float(1e-4, 1, { log: true }), n: int(1, 9, { step: 2 }), c: categorical(['a', 'b', 'c']) }),
  evaluate: ({ x, y, n, c }: { x: number; y: number; n: number; c: 'a' | 'b' | 'c' }) =>
    (x - 2) ** 2 + (Math.log10(y) + 2) ** 2 + Math.abs(n - 5) / 4 + (c === 'b' ? 0 : 1)
}
const bestOf = async (sampler: Sampler, seed: number, trials = 80): Promise<number> => {
  await using study = await createStudy({ seed, sampler, pruner: pruners.none() })
  const { best } = await study.optimize(bowl, { trials })
  return best?.value ?? Number.NaN
}
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

describe('tpe', () => {
  it('finds better points than random search on numbers, logarithms, grids and categories', async () => {
    const seeds = [1, 2, 3, 4, 5, 6, 7]
    const ours = middle(await Promise.all(seeds.map(seed => bestOf(samplers.tpe(), seed))))
    const univariate = middle(await Promise.all(seeds.map(seed => bestOf(samplers.tpe({ multivariate: false }), seed))))
    const theirs = middle(await Promise.all(seeds.map(seed => bestOf(samplers.random(), seed))))
    expect(ours).to.be.below(theirs / 3)
    expect(univariate).to.be.below(theirs / 2)
  })

  it('draws what random search draws until its startup trials are over', async () => {
    const first = async (sampler: Sampler): Promise<readonly unknown[]> => {
      await using study = await createStudy({ seed: 5, sampler })
      await study.optimize(bowl, { trials: 12 })
      return (await study.trials()).map(({ params }) => params)
    }
    const [tpe, random] = [await first(samplers.tpe({ startupTrials: 10 })), await first(samplers.random())]
    expect(tpe.slice(0, 10)).to.deep.equal(random.slice(0, 10))
    expect(tpe.slice(10)).to.not.deep.equal(random.slice(10))
  })

  it('goes on draw for draw after a resume', async () => {
    const storage = memory()
    const params = async (): Promise<readonly unknown[]> => {
      await using study = await createStudy({ name: 'resumed', storage, seed: 3, sampler: samplers.tpe() })
      await study.optimize(bowl, { trials: 15 })
      return (await study.trials()).map(trial => trial.params)
    }
    await params()
    const resumed = await params()
    await using whole = await createStudy({ seed: 3, sampler: samplers.tpe() })
    await whole.optimize(bowl, { trials: 30 })
    expect(resumed).to.deep.equal((await whole.trials()).map(trial => trial.params))
  })

  it('draws a conditional parameter from the trials that had it', async () => {
    await using study = await createStudy({ seed: 2, sampler: samplers.tpe() })
    const { best } = await study.optimize(
      trial => {
        if (trial.suggestCategorical('kind', ['flat', 'deep']) === 'flat') return 1 + trial.suggestFloat('x', 0, 1)
        return Math.abs(trial.suggestFloat('depth', 0, 100) - 30) / 100
      },
      { trials: 120 }
    )
    expect(best?.params).to.have.keys('kind', 'depth')
    expect(best?.value).to.be.below(0.01)
  })

  it('takes the candidate that a full sum would take', () => {
    const stream = randomStream(1, 0, 0, 'candidates')
    const dimensions = [dimensionOf(float(0, 1)), dimensionOf(int(1, 50)), dimensionOf(categorical(['a', 'b', 'c']))]
    for (let round = 0; round < 30; round++) {
      const mixture = (count: number): Mixture =>
        mixtureOf(
          dimensions.map(dimension => ({
            dimension,
            values: Array.from({ length: count }, () =>
              dimension.kind === 'categorical' ? stream.int(0, 2) : dimension.step === 0 ? stream.next() : stream.int(1, 50)
            )
          }))
        )
      const [below, above] = [mixture(12), mixture(1_500)]
      const points = Array.from({ length: 24 }, () => below.sample(below.component(stream.next()), () => stream.next()))
      const ratios = points.map(point => below.logDensity(point) - above.logDensity(point))
      expect(ratios[bestCandidate(below, above, points)?.index ?? 0]).to.be.closeTo(Math.max(...ratios), 1e-9)
    }
  })

  it('ranks complete trials before pruned ones, those by how far they came, and infeasible ones last', () => {
    const column = new Column(4)
    // Values, states (1 complete, 2 pruned, 3 failed), violations, last steps.
    for (const [number, row] of [
      [3, 1, 0, -1],
      [1, 1, 0, -1],
      [9, 2, 0, 4],
      [Number.NaN, 2, 0, -1],
      [0, 1, 5, -1],
      [2, 2, 0, 4],
      [Number.NaN, 3, 0, -1]
    ].entries())
      column.push(number, ...row)
    const [values, states, violations, steps] = [column.lane(0), column.lane(1), column.lane(2), column.lane(3)]
    const outcomes = { numbers: column.numbers, values, states, violations, steps, order: column.sorted().order }
    const ranked = [1, 2, 3, 4, 5, 6, 7].map(count => bestNumbers(outcomes, 'minimize', count))
    expect(ranked.slice(0, 4)).to.deep.equal([[1], [0, 1], [0, 1, 5], [0, 1, 2, 5]])
    expect(ranked.slice(4)).to.deep.equal([
      [0, 1, 2, 3, 5],
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5]
    ])
    expect(bestNumbers(outcomes, 'maximize', 3)).to.deep.equal([0, 1, 2])
  })

  it('does not end up where a rule rejects every draw, though no bad trial has ever been there', async () => {
    await using study = await createStudy({ seed: 7, sampler: samplers.tpe() })
    const forbidden = space({ x: float(-5, 5, { step: 0.5 }), n: int(1, 8) }, { where: ({ x, n }) => x < n })
    const { complete, best } = await study.optimize({ space: forbidden, evaluate: ({ x, n }) => (x - 2) ** 2 + n / 3 }, { trials: 150 })
    expect(complete).to.equal(150)
    expect(best?.value).to.be.below(1.1)
  })

  it('refuses several objectives and options that are no counts', async () => {
    await using study = await createStudy({ direction: ['minimize', 'maximize'], sampler: samplers.tpe() })
    const error = await study.ask(bowl.space).catch(reason => reason)
    expect(error.code).to.equal('OPTION')
    expect(() => samplers.tpe({ startupTrials: -1 })).to.throw('startupTrials')
    expect(() => samplers.tpe({ candidates: 0 })).to.throw('candidates')
  })
})
