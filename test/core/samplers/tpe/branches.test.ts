import { createStudy, pruners, type Suggest, samplers } from '@rxtuna/core'
import { expect } from 'chai'
import { Column } from '../../../../core/src/column.ts'
import { HistoryView } from '../../../../core/src/history-view.ts'
import { chanceOfAnyBranch, isBranching } from '../../../../core/src/samplers/tpe/branches.ts'
import { type TrialRecord, trialRecord } from '../../../../core/src/trial.ts'
import { TrialLog } from '../../../../core/src/trial-log.ts'

function branching(name: string, all: readonly TrialRecord['params'][]): boolean {
  const log = new TrialLog(['minimize'])
  const rest = { state: 'complete', values: [1], distributions: {}, reports: [], attributes: {}, systemAttributes: {} } as const
  for (const [number, params] of all.entries()) log.add(trialRecord({ number, params, ...rest }))
  return isBranching(new HistoryView('branches', log, 0, all.length, 0, { params: true, attributes: [] }), name)
}

function chance(values: readonly number[], best: readonly number[]): number {
  const column = new Column(4)
  for (const [number, value] of values.entries()) column.push(number, value, 1, 0, -1)
  const [first, states, violations, steps] = [column.lane(0), column.lane(1), column.lane(2), column.lane(3)]
  return chanceOfAnyBranch({ numbers: column.numbers, values: first, states, violations, steps, order: column.sorted().order }, best)
}

describe('tpe in a space with branches', () => {
  it('knows a parameter whose choice decides which others there are', () => {
    const trials = [
      { kind: 'a', x: 1, c: 'u' },
      { kind: 'b', c: 'u' },
      { kind: 'a', x: 2, c: 'v' },
      { kind: 'b', c: 'v' }
    ]
    expect(branching('kind', trials)).to.equal(true)
    expect(branching('c', trials)).to.equal(false)
    expect(branching('kind', trials.slice(0, 3))).to.equal(false)
  })

  it('tries any branch with the weight of the prior, and more often the more the good trials repeat each other', () => {
    expect(chance([1, 2, 3, 9], [0, 1, 2])).to.equal(1 / 4)
    expect(chance([1, 1, 1, 1, 9], [0, 1, 2, 3])).to.equal(3 / 4)
  })

  it('finds a better branch that is harder to learn than the one that was learned first', async () => {
    const objective = (trial: Suggest): number => {
      if (trial.suggestCategorical('kind', ['easy', 'hard']) === 'easy') return 0.1 + Math.abs(trial.suggestInt('n', 1, 5) - 3)
      return Math.abs(trial.suggestFloat('x', 0, 1) - 0.3) + Math.abs(trial.suggestFloat('y', 0, 1) - 0.8)
    }
    const best = async (seed: number): Promise<number> => {
      await using study = await createStudy({ seed, sampler: samplers.tpe(), pruner: pruners.none() })
      return (await study.optimize(objective, { trials: 150 })).best?.value ?? Number.NaN
    }
    const values = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(best))
    expect(values.toSorted((a, b) => a - b)[3]).to.be.below(0.06)
  })
})
