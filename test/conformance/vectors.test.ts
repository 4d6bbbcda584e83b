import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { difference } from './agreement.ts'
import { type ProgramRun, runVectors } from './program.ts'

const covered = [
  'constraints_merge',
  'distribution_compat',
  'distribution_errors',
  'distribution_json_read',
  'distributions',
  'dominates',
  'enqueue_skip',
  'grid',
  'nondomination_rank',
  'pareto_front_trials',
  'pruners_simple',
  'search_space',
  'search_space_transform',
  'tell',
  'tpe_acquisition',
  'tpe_parzen',
  'tpe_sample',
  'tpe_split',
  'tpe_weights_gamma',
  'truncnorm'
]
const uncovered = [
  'artifacts',
  'brute_force',
  'cmaes',
  'dashboard_trial_json',
  'ga_generation',
  'hssp',
  'hyperband_brackets',
  'hypervolume',
  'importance_fanova_tree',
  'importance_forest',
  'importance_normalize',
  'importance_ped_anova',
  'journal_replay',
  'nsga2_selection',
  'nsga3_parts',
  'nsga_crossover_mutation',
  'numpy_randomstate',
  'pruner_hyperband',
  'pruner_sha',
  'qmc',
  'qmc_sampler',
  'rdb_sqlite',
  'rdb_value_encoding',
  'retry_callback',
  'seeded_random_sampler',
  'study_summary',
  'terminator',
  'trials_dataframe',
  'viz_multi',
  'viz_single',
  'wilcoxon_pvalue'
]

describe('the answers of Optuna', () => {
  let run: ProgramRun
  before(async function () {
    this.timeout(60_000)
    run = await runVectors()
  })

  it('are ours too, for every component that is covered', () => {
    const failing = run.lines.filter(line => /, [1-9]\d* failed/.test(line))
    expect(failing).to.deep.equal([])
    expect(run.code).to.equal(0)
    expect(run.summary).to.include({ passed: 536, failed: 0, skipped: 56 })
    const names = run.lines.filter(line => line.includes(' passed, ')).map(line => line.split(' ')[0])
    expect(names).to.deep.equal(covered)
  })

  it('of what is not built yet are listed as uncovered', () => {
    expect(run.summary.uncovered).to.deep.equal(uncovered)
  })

  it('are left out with a reason where a component is covered in part', () => {
    expect(run.lines.filter(line => line.startsWith('  '))).to.deep.equal([
      "  without 12: shuffled: the order is NumPy's shuffle there, and our own here",
      '  skipped 15: PatientPruner is not built yet',
      '  skipped 12: ThresholdPruner is not built yet',
      '  skipped 25: WilcoxonPruner is not built yet',
      '  skipped 4: TPE for several objectives is not built yet',
      '  without 15: gamma_mo: TPE for several objectives is not built yet',
      "  without 15: gamma_hyperopt: hyperopt's rules are not offered"
    ])
  })

  it('may come from any folder; what differs is shown, and the run then fails', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'vectors-'))
    try {
      const wrong = {
        meta: { component: 'tpe_weights_gamma', tolerance: { rtol: 0, atol: 0, exact: true } },
        cases: [
          { id: 'right', input: 2, expected: { gamma: 1, weights: [1, 1] } },
          { id: 'wrong', input: 2, expected: { gamma: 1, weights: [1, { $f: 'inf' }] } }
        ]
      }
      await writeFile(join(directory, 'one.json'), JSON.stringify(wrong))
      await writeFile(join(directory, 'two.json'), JSON.stringify({ meta: { component: 'unheard_of' }, cases: [] }))
      const { code, lines, summary } = await runVectors([directory])
      expect(code).to.equal(1)
      expect(summary).to.deep.equal({ passed: 1, failed: 1, skipped: 0, uncovered: ['unheard_of'] })
      expect(lines.slice(0, 4)).to.deep.equal([
        'tpe_weights_gamma           1 passed, 1 failed, 0 skipped',
        '  wrong differs at .weights[1]',
        '    expected {"gamma":1,"weights":[1,"Infinity"]}',
        '    got      {"gamma":1,"weights":[1,1]}'
      ])
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})

describe('agreement of two answers', () => {
  const exact = { rtol: 1, atol: 1, exact: true }
  const loose = { rtol: 1e-3, atol: 1e-6, exact: false }

  it('is equality to the last bit or one beside it, or closeness within the tolerance', () => {
    expect(difference(0.3, 0.1 + 0.2, exact)).to.equal(undefined)
    expect(difference(0.3, 0.3000000000000002, exact)).to.equal('.')
    expect(difference(1000, 1000.9, loose)).to.equal(undefined)
    expect(difference(1000, 1001.1, loose)).to.equal('.')
    expect(difference([Number.NaN, -0], [Number.NaN, 0], exact)).to.equal(undefined)
    expect(difference(Number.POSITIVE_INFINITY, 1e308, loose)).to.equal('.')
  })

  it('does not mind the order of keys, or which error it is', () => {
    expect(difference({ a: 1, b: [2] }, { b: [2], a: 1 }, exact)).to.equal(undefined)
    expect(difference({ error: 'ValueError' }, { error: 'VALUE_NAN' }, exact)).to.equal(undefined)
    expect(difference({ error: 'ValueError' }, { ok: 1 }, exact)).to.equal('.error')
    expect(difference({ a: 1 }, { a: 1, b: 2 }, exact)).to.equal('.b')
    expect(difference([1, 2], [1], exact)).to.equal('.length')
    expect(difference(1, true, exact)).to.equal('.')
    expect(difference(null, 0, exact)).to.equal('.')
  })
})
