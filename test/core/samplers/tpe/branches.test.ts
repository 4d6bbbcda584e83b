import { createStudy, pruners, type Suggest, samplers } from '@rxtuna/core'
import { expect } from 'chai'
import { HistoryView } from '../../../../core/src/history-view.ts'
import { isBranching, triesAnyBranch } from '../../../../core/src/samplers/tpe/branches.ts'
import { type TrialRecord, trialRecord } from '../../../../core/src/trial.ts'
import { TrialLog } from '../../../../core/src/trial-log.ts'

function branching(name: string, all: readonly TrialRecord['params'][]): boolean {
  const log = new TrialLog(['minimize'])
  const rest = { state: 'complete', values: [1], distributions: {}, reports: [], attributes: {}, systemAttributes: {} } as const
  for (const [number, params] of all.entries()) log.add(trialRecord({ number, params, ...rest }))
  return isBranching(new HistoryView('branches', log, 0, all.length, 0, { params: true, attributes: [] }), name)
}

interface Good {
  readonly params: TrialRecord['params']
  readonly value: number
}

/** How often any branch is tried after these good trials, by a thousand even steps. */
function chance(good: readonly Good[]): number {
  const log = new TrialLog(['minimize'])
  const rest = { state: 'complete', distributions: {}, reports: [], attributes: {}, systemAttributes: {} } as const
  // Shows first that `kind` decides which other parameters there are.
  const shown = [...good, ...[1, 2, 3, 4].map(n => ({ params: n < 3 ? { kind: 'a', x: n } : { kind: 'b' }, value: 9 }))]
  for (const [number, { params, value }] of shown.entries()) log.add(trialRecord({ number, params, values: [value], ...rest }))
  const history = new HistoryView('branches', log, 0, shown.length, 0, { params: true, attributes: [] })
  const best = [...good.keys()]
  const outcomes = history.outcomes()
  return (
    Array.from({ length: 1000 }, (_, i) => triesAnyBranch(history, 'kind', outcomes, best, i / 1000)).filter(tried => tried).length / 1000
  )
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
    const trial = (x: number, value: number): Good => ({ params: { kind: 'a', x }, value })
    expect(chance([trial(1, 1), trial(2, 2), trial(3, 3)])).to.equal(1 / 4)
    expect(chance([trial(1, 1), trial(1, 1), trial(1, 1), trial(1, 1)])).to.equal(3 / 4)
    // Equal values of different params are no repeats, nor are different values of equal params.
    expect(chance([trial(1, 1), trial(2, 1), trial(3, 1), trial(4, 1)])).to.equal(1 / 5)
    expect(chance([trial(1, 1), trial(1, 2), trial(1, 3), trial(1, 4)])).to.equal(1 / 5)
  })

  it('stays in the best branch where values are coarse', async () => {
    const floors = { a: 0.3, b: 0.1, c: 0.4, d: 0.2 } as const
    const objective = (trial: Suggest): number => {
      const kind = trial.suggestCategorical('kind', ['a', 'b', 'c', 'd'])
      const misfit = (trial.suggestFloat(`x ${kind}`, 0, 1) - 0.3) ** 2 + (trial.suggestFloat(`y ${kind}`, 0, 1) - 0.7) ** 2
      return Math.round(50 * (floors[kind] + misfit)) / 50
    }
    const share = async (seed: number): Promise<number> => {
      await using study = await createStudy({ seed, sampler: samplers.tpe(), pruner: pruners.none() })
      await study.optimize(objective, { trials: 200 })
      const late = (await study.trials()).slice(100)
      return late.filter(({ params }) => params.kind === 'b').length / late.length
    }
    const shares = await Promise.all([1, 2, 3, 4, 5, 6, 7].map(share))
    // Optuna's is 0.89.
    expect(shares.toSorted((a, b) => a - b)[3]).to.be.above(0.8)
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
