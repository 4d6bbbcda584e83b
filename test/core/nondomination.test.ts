import { expect } from 'chai'
import fc from 'fast-check'
import { constrainedDominates, dominates, dominatesLosses } from '../../core/src/dominance.ts'
import { nondominationRanks, onFront } from '../../core/src/nondomination.ts'
import { ParetoFront } from '../../core/src/pareto-front.ts'
import { type TrialState, trialRecord } from '../../core/src/trial.ts'

const points = fc
  .integer({ min: 1, max: 4 })
  .chain(width => fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: width, maxLength: width }), { maxLength: 40 }))

/** The definition, without any order: who is dominated by nobody that is left is on the next front. */
function ranksByDefinition(losses: readonly (readonly number[])[]): number[] {
  const ranks: number[] = new Array(losses.length).fill(-1)
  for (let rank = 0; ranks.includes(-1); rank++) {
    const left = [...losses.keys()].filter(i => ranks[i] === -1)
    const front = left.filter(i => !left.some(j => dominatesLosses(losses[j] as readonly number[], losses[i] as readonly number[])))
    for (const i of front) ranks[i] = rank
  }
  return ranks
}

function record(number: number, state: TrialState, values: readonly number[], constraint?: number): ReturnType<typeof trialRecord> {
  const systemAttributes = constraint === undefined ? {} : { 'constraints:c': constraint }
  return trialRecord({ number, state, values, params: {}, distributions: {}, reports: [], attributes: {}, systemAttributes })
}

describe('fronts of several objectives', () => {
  it('are those of the definition, for any number of objectives and with equal points', () => {
    fc.assert(
      fc.property(points, losses => {
        const ranks = ranksByDefinition(losses)
        expect([...nondominationRanks(losses)]).to.deep.equal(ranks)
        expect(onFront(losses)).to.deep.equal(ranks.map(rank => rank === 0))
      })
    )
  })

  it('end where enough points are ranked, and put what violates constraints behind, by how much', () => {
    const losses = [
      [0, 0],
      [1, 1],
      [2, 2],
      [0, 0]
    ]
    expect([...nondominationRanks(losses, { atLeast: 2 })]).to.deep.equal([0, 1, 2, 0])
    expect([...nondominationRanks(losses, { atLeast: 1 })]).to.deep.equal([0, 1, 1, 0])
    expect([...nondominationRanks(losses, { penalties: [3, 0, 0, 1] })]).to.deep.equal([3, 0, 1, 2])
    expect([...nondominationRanks([])]).to.deep.equal([])
  })

  it('kept trial by trial are those of all trials together', () => {
    fc.assert(
      fc.property(points, losses => {
        const width = losses[0]?.length ?? 1
        const front = new ParetoFront(Array.from({ length: width }, (_, i) => (i % 2 === 0 ? 'minimize' : 'maximize')))
        for (const [number, point] of losses.entries())
          front.add(
            record(
              number,
              'complete',
              point.map((loss, i) => (i % 2 === 0 ? loss : -loss))
            )
          )
        expect(front.records.map(({ number }) => number)).to.deep.equal(
          [...onFront(losses).entries()].filter(([, on]) => on).map(([i]) => i)
        )
      })
    )
  })

  it('of 100,000 trials are kept in a few seconds', () => {
    const front = new ParetoFront(['minimize', 'minimize'])
    for (let number = 0; number < 100_000; number++) {
      const angle = ((number * 0.618_033_988_749_895) % 1) * (Math.PI / 2)
      // Most lie behind a front of a few hundred.
      const radius = number % 300 === 0 ? 1 : 2
      front.add(record(number, 'complete', [radius * (1 - Math.cos(angle)), radius * (1 - Math.sin(angle))]))
    }
    expect(front.records.length).to.be.above(300)
  }).timeout(20_000)
})

describe('dominance', () => {
  it('is of complete trials, and takes every other for worse', () => {
    const directions = ['minimize', 'maximize'] as const
    expect(dominates(record(0, 'complete', [1, 2]), record(1, 'complete', [1, 1]), directions)).to.equal(true)
    expect(dominates(record(0, 'complete', [1, 1]), record(1, 'complete', [1, 1]), directions)).to.equal(false)
    expect(dominates(record(0, 'complete', [9, 0]), record(1, 'running', []), directions)).to.equal(true)
    expect(dominates(record(0, 'pruned', []), record(1, 'running', []), directions)).to.equal(false)
  })

  it('under constraints prefers what keeps them, then what violates them less', () => {
    const directions = ['minimize', 'minimize'] as const
    const [good, bad, worse] = [record(0, 'complete', [9, 9], 0), record(1, 'complete', [0, 0], 1), record(2, 'complete', [0, 0], 2)]
    expect(constrainedDominates(good, bad, directions)).to.equal(true)
    expect(constrainedDominates(bad, good, directions)).to.equal(false)
    expect(constrainedDominates(bad, worse, directions)).to.equal(true)
    expect(constrainedDominates(worse, bad, directions)).to.equal(false)
  })
})
