import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json, TrialOutcome } from '@rxtuna/core'
import { distributionFromJson, distributionToJson, fromPythonJson, pythonFloat, toPythonJson } from '@rxtuna/core/python'
import { sqlite } from '@rxtuna/rdb-storage'
import { expect } from 'chai'
import { needsOptuna, runPython } from './python.ts'

const infinity = Number.POSITIVE_INFINITY
const distributions = {
  lr: { kind: 'float', low: 1e-7, high: 1, log: true },
  ratio: { kind: 'float', low: 0, high: 0.9, step: 0.3 },
  wide: { kind: 'float', low: -1e22, high: 123456789012345680 },
  layers: { kind: 'int', low: 1, high: 9, step: 2 },
  units: { kind: 'int', low: 1, high: 512, log: true },
  mode: { kind: 'categorical', choices: ['ä', null, true, 1.5, 7, '"quoted" \\ \u0007 😀'] }
} as const
const params = { lr: 1e-5, ratio: 0.3, wide: -2.5e21, layers: 3, units: 64, mode: null }

/** Reads what Python printed as JSON, NaN and infinities as numbers. */
const printed = (text: string): Json => fromPythonJson(text, { tokens: 'number' })

const dump = `
import json, sys
study = optuna.load_study(study_name=sys.argv[2], storage="sqlite:///" + sys.argv[1])
print(json.dumps({
    "directions": [d.name for d in study.directions],
    "metric_names": study.metric_names,
    "user_attrs": study.user_attrs,
    "best": study.best_value if len(study.directions) == 1 else None,
    "trials": [{
        "number": t.number, "state": t.state.name, "values": t.values, "params": t.params,
        "reports": list(map(list, t.intermediate_values.items())), "attrs": t.user_attrs,
        "constraints": t.constraints, "order": list(t.params),
        "seconds": None if t.duration is None else t.duration.total_seconds(),
    } for t in study.get_trials()],
}))`

describe("Python's Optuna", function () {
  this.timeout(180_000)
  before(needsOptuna)
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-interop-'))
  after(() => rmSync(directory, { recursive: true }))

  it('loads a study that we wrote: every kind of param, value, report, state, constraint and attribute', async () => {
    const path = join(directory, 'ours.db')
    let now = Date.UTC(2026, 5, 1, 12, 30, 15, 250)
    await using storage = await sqlite(path, { clock: () => now })()
    await storage.open({ name: 'größe', directions: ['maximize'], metricNames: ['gain'], attributes: { note: 'ü 😀' } }, 'fail')
    const attributes = { note: 'größer ✓ 😀', nested: [1, 2.5, { deep: null, on: true }], big: { $python: '100000000000000000000' } }
    const outcomes: TrialOutcome[] = [
      { state: 'complete', value: [0.1 + 0.2], constraints: { cost: -1, 'time s': 0.5 } },
      { state: 'complete', value: [-infinity] },
      { state: 'complete', value: [1e-300], constraints: { cost: 0 } },
      {
        state: 'pruned',
        reports: [
          { step: 2, value: Number.NaN },
          { step: 1, value: infinity },
          { step: 10, value: 0.25 }
        ]
      },
      { state: 'pruned', reports: [{ step: 0, value: Number.NaN }] },
      { state: 'failed', error: new Error('no') }
    ]
    for (const [number, outcome] of outcomes.entries()) {
      await storage.create('größe', { state: 'running', params, distributions, attributes }, number)
      now += 1500
      await storage.finish('größe', number, { outcome })
    }
    await storage.create('größe', { state: 'running', params: { mode: 7 }, distributions })
    await storage.create('größe', { state: 'waiting', systemAttributes: { fixed_params: { lr: 0.5 } } })

    const { trials } = await storage.read('größe')
    const study = printed(await runPython(dump, path, 'größe')) as Record<string, Json> & { trials: Record<string, Json>[] }
    expect(study.directions).to.deep.equal(['MAXIMIZE'])
    expect(study.metric_names).to.deep.equal(['gain'])
    expect(study.user_attrs).to.deep.equal({ note: 'ü 😀' })
    // The greatest value of a feasible trial: the first one breaks a constraint.
    expect(study.best).to.equal(1e-300)
    expect(study.trials.map(({ state }) => state)).to.deep.equal([
      'COMPLETE',
      'COMPLETE',
      'COMPLETE',
      'PRUNED',
      'PRUNED',
      'FAIL',
      'RUNNING',
      'WAITING'
    ])
    for (const [index, trial] of trials.entries()) {
      const theirs = study.trials[index]
      expect(theirs?.number).to.equal(trial.number)
      expect(theirs?.values ?? []).to.deep.equal(trial.values)
      expect(theirs?.params).to.deep.equal(trial.params)
      expect(theirs?.order).to.deep.equal(Object.keys(trial.params))
      // On SQLite, Python reads them in the order of steps.
      const reports = trial.reports.map(({ step, value }) => [step, value] as const).sort((a, b) => a[0] - b[0])
      expect(theirs?.reports).to.deep.equal(reports)
      expect(theirs?.constraints).to.deep.equal(trial.constraints)
      expect(theirs?.attrs).to.deep.equal(index < 6 ? { ...attributes, big: 1e20 } : {})
      expect(theirs?.seconds).to.equal(index < 6 ? 1.5 : null)
    }
  })

  it('continues it, and we read the trials that it ran while we were open', async () => {
    const path = join(directory, 'continued.db')
    await using storage = await sqlite(path)()
    await storage.open({ name: 'both', directions: ['minimize'] }, 'fail')
    for (const [number, x] of [1, 2, 3].entries()) {
      const space = { x: { kind: 'float', low: -5, high: 5 }, c: { kind: 'categorical', choices: ['a', null, true] } } as const
      await storage.create('both', { state: 'running', params: { x, c: null }, distributions: space }, number)
      await storage.finish('both', number, { outcome: { state: 'complete', value: [x * x] } })
    }
    const { cursor } = await storage.read('both')
    const theirs = printed(
      await runPython(
        `
import json, sys
study = optuna.load_study(study_name="both", storage="sqlite:///" + sys.argv[1])
def objective(trial):
    x = trial.suggest_float("x", -5, 5)
    trial.suggest_categorical("c", ["a", None, True])
    trial.report(x, 3)
    trial.report(float("nan"), 4)
    trial.set_user_attr("nan", [float("nan"), 10 ** 20])
    trial.set_constraint("c", x)
    return x * x
study.optimize(objective, n_trials=5)
print(json.dumps([[t.number, t.value, t.params] for t in study.trials]))`,
        path
      )
    ) as [number, number, Record<string, Json>][]
    const { trials } = await storage.read('both', cursor)
    expect(trials.map(({ number, value, params }) => [number, value, params])).to.deep.equal(theirs.slice(3))
    expect(theirs.length).to.equal(8)
    for (const { params, reports, attributes, constraints, startedAt, finishedAt } of trials) {
      expect(reports).to.deep.equal([
        { step: 3, value: params.x },
        { step: 4, value: Number.NaN }
      ])
      expect(attributes).to.deep.equal({ nan: [{ $python: 'NaN' }, { $python: '100000000000000000000' }] })
      expect(constraints).to.deep.equal({ c: params.x })
      expect(Math.abs(Date.now() - (startedAt?.getTime() ?? 0))).to.be.lessThan(120_000)
      expect((finishedAt?.getTime() ?? 0) >= (startedAt?.getTime() ?? infinity)).to.equal(true)
    }
    expect((await storage.create('both', { state: 'running' }, 8))?.number).to.equal(8)
  })

  it('enqueues a trial that we take, and creates the tables that we use', async () => {
    const path = join(directory, 'theirs.db')
    await runPython(
      `
import sys
study = optuna.create_study(study_name="queue", storage="sqlite:///" + sys.argv[1], direction="maximize")
study.set_metric_names(["gain"])
study.enqueue_trial({"x": 1.5, "c": "b"}, user_attrs={"who": "Python"})
study.ask()
study.enqueue_trial({"x": 2})
study.ask({"y": optuna.distributions.IntDistribution(1, 8)})
study.enqueue_trial({"x": 3.5}, user_attrs={"who": "Python"})`,
      path
    )
    await using storage = await sqlite(path)()
    const { directions, metricNames } = await storage.open({ name: 'queue', directions: ['maximize'] }, 'load')
    expect([directions, metricNames]).to.deep.equal([['maximize'], ['gain']])
    expect((await storage.waiting('queue')).map(({ number }) => number)).to.deep.equal([2])
    const taken = await storage.take('queue')
    expect([taken?.number, taken?.systemAttributes.fixed_params, taken?.attributes]).to.deep.equal([2, { x: 3.5 }, { who: 'Python' }])
    // The two that Python left running are Python's.
    expect(await storage.take('queue')).to.equal(undefined)
    await storage.finish('queue', 2, { outcome: { state: 'complete', value: [4] } })
    const study = printed(await runPython(dump, path, 'queue')) as { best: Json; trials: { state: Json }[] }
    expect(study.trials.map(({ state }) => state)).to.deep.equal(['RUNNING', 'RUNNING', 'COMPLETE'])
    expect(study.best).to.equal(4)
  })

  it('spells distributions and numbers as we do', async () => {
    const texts = Object.values(distributions).map(distributionToJson)
    const theirs = await runPython(
      `
import json, sys
from optuna.distributions import json_to_distribution, distribution_to_json
print(json.dumps([distribution_to_json(json_to_distribution(text)) for text in json.loads(sys.argv[1])]))`,
      JSON.stringify(texts)
    )
    expect(JSON.parse(theirs)).to.deep.equal(texts)
    for (const text of texts) expect(distributionToJson(distributionFromJson(text))).to.equal(text)

    const bits = new BigUint64Array(3000).map((_, index) => BigInt.asUintN(64, BigInt(index + 1) * 0x9e3779b97f4a7c15n))
    const floats = [...new Float64Array(bits.buffer)].filter(Number.isFinite)
    for (let exponent = -25; exponent < 25; exponent++) floats.push(10 ** exponent, 1.25 * 10 ** exponent, -3 * 2 ** exponent)
    const path = join(directory, 'floats.json')
    writeFileSync(path, JSON.stringify(floats))
    const json = await runPython('import json, sys\nprint(json.dumps([float(x) for x in json.load(open(sys.argv[1]))]))', path)
    expect(`[${floats.map(pythonFloat).join(', ')}]`).to.equal(json.trim())

    const value = { 'ключ "x"': ['ü', '😀', '\u007f\u0000\n', 1e-7, -0, 1e21, Number.NaN, { $python: '-12345678901234567890' }] }
    const again = await runPython('import json, sys\nprint(json.dumps(json.loads(sys.argv[1])))', toPythonJson(value, 'value'))
    expect(again.trim()).to.equal(toPythonJson(value, 'value'))
  })
})
