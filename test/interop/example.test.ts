import { join } from 'node:path'
import { paramKey, type TrialRecord } from '@rxtuna/core'
import { sqlite } from '@rxtuna/rdb-storage'
import { expect } from 'chai'
import type { Report } from '../../examples/sma-crossover/report.ts'
import { runWell, temporaryDirectory } from '../scenarios/program.ts'
import { databasePath, trialsAt } from '../scenarios/study-at.ts'
import { needsOptuna, runPython } from './python.ts'

const load = `
import json, sys
study = optuna.load_study(study_name="sma-crossover", storage="sqlite:///" + sys.argv[1], sampler=optuna.samplers.TPESampler(seed=1))
def show():
    trials = study.get_trials()
    states = [t.state.name for t in trials]
    print(json.dumps({
        "direction": study.direction.name,
        "best": [study.best_trial.number, study.best_value, study.best_params],
        "counts": {state: states.count(state) for state in sorted(set(states))},
        "values": [t.value for t in trials],
        "params": [t.params for t in trials],
        "steps": [len(t.intermediate_values) for t in trials],
    }))
`
const goOn = `
def objective(trial):
    trial.suggest_int("fast", 2, 50)
    trial.suggest_int("slow", 10, 250, step=10)
    if trial.suggest_categorical("exit", ["cross", "trail"]) == "trail":
        trial.suggest_float("stop", 0.02, 0.2, step=0.01)
    if trial.number == 68:
        raise optuna.TrialPruned()
    if trial.number == 69:
        raise ValueError("no value")
    return -1 - trial.number / 1000

for params in json.loads(sys.argv[2]):
    study.enqueue_trial(params)
study.optimize(objective, n_trials=10, catch=(ValueError,))
`
interface Shown {
  readonly direction: string
  readonly best: readonly [number, number, Readonly<Record<string, unknown>>]
  readonly counts: Readonly<Record<string, number>>
  readonly values: readonly (number | null)[]
  readonly params: readonly Readonly<Record<string, unknown>>[]
  readonly steps: readonly number[]
}

describe('The study of npm start', function () {
  this.timeout(180_000)
  before(needsOptuna)

  it("is loaded and continued by Python's Optuna, and npm start goes on after it", async () => {
    using directory = temporaryDirectory()
    using elsewhere = temporaryDirectory()
    const cwd = directory.path
    const report = JSON.parse((await runWell({ cwd, args: ['--trials', '60', '--json'] })).stdout) as Report
    // Params that this study has not tried, and what they really report.
    await runWell({ cwd: elsewhere.path, args: ['--trials', '100', '--quiet'] })
    const undisturbed = await trialsAt(elsewhere.path)

    const database = join(cwd, databasePath)
    const ours = await trialsAt(cwd)
    const shown = JSON.parse(await runPython(`${load}show()`, database)) as Shown
    expect(shown.direction).to.equal('MAXIMIZE')
    expect(shown.best).to.deep.equal([report.best?.number, report.best?.inSample.sharpe, report.best?.params])
    expect(shown.counts).to.deep.equal(countsOf(ours))
    expect(shown.values).to.deep.equal(ours.map(({ value, state, reports }) => (state === 'complete' ? value : reports.at(-1)?.value)))
    expect(shown.params).to.deep.equal(ours.map(({ params }) => params))
    expect(shown.steps).to.deep.equal(ours.map(({ reports }) => reports.length))

    const awaited = undisturbed
      .slice(60)
      .filter(({ reusedFrom, params }) => reusedFrom === undefined && !ours.some(our => paramKey(our.params) === paramKey(params)))
      .slice(0, 5)
    expect(awaited).to.have.lengthOf(5)
    const continued = JSON.parse(
      await runPython(`${load}${goOn}show()`, database, JSON.stringify(awaited.map(({ params }) => params)))
    ) as Shown
    expect(continued.best).to.deep.equal(shown.best)
    const withPython = await trialsAt(cwd)
    expect(withPython.slice(0, 60)).to.deep.equal(ours)
    expect(withPython).to.have.lengthOf(70)
    expect(continued.counts).to.deep.equal(countsOf(withPython))
    expect(withPython.slice(60, 65).map(({ params }) => params)).to.deep.equal(awaited.map(({ params }) => params))
    expect(withPython.slice(60).map(({ state, value }) => [state, value])).to.deep.equal([
      ...[60, 61, 62, 63, 64, 65, 66, 67].map(number => ['complete', -1 - number / 1000]),
      ['pruned', undefined],
      ['failed', undefined]
    ])

    // The same params again: Python's outcomes must not answer for them.
    {
      await using storage = await sqlite(database)()
      await storage.open({ name: 'sma-crossover', directions: ['maximize'] }, 'load')
      for (const { params } of awaited)
        await storage.create('sma-crossover', { state: 'waiting', systemAttributes: { fixed_params: params } })
    }
    const after = JSON.parse((await runWell({ cwd, args: ['--trials', '100', '--json'] })).stdout) as Report
    const all = await trialsAt(cwd)
    expect(all.slice(0, 70)).to.deep.equal(withPython)
    expect(all.map(({ number }) => number)).to.deep.equal(Array.from({ length: 100 }, (_, number) => number))
    expect(all.slice(70, 75).map(({ params }) => params)).to.deep.equal(awaited.map(({ params }) => params))
    for (const { number, state, reusedFrom } of all.slice(70)) {
      expect(state, `trial ${number}`).to.be.oneOf(['complete', 'pruned'])
      expect(reusedFrom === undefined || reusedFrom < 60 || reusedFrom >= 70, `trial ${number}`).to.equal(true)
    }
    for (const [index, { reports }] of awaited.entries()) {
      const trial = all[70 + index] as TrialRecord
      expect(trial.reusedFrom).to.equal(undefined)
      const both = Math.min(trial.reports.length, reports.length)
      expect(both).to.be.greaterThan(0)
      expect(trial.reports.slice(0, both)).to.deep.equal(reports.slice(0, both))
    }
    expect([after.trials.total, after.trials.failed]).to.deep.equal([100, 1])
    const last = JSON.parse(await runPython(`${load}show()`, database)) as Shown
    expect(last.best).to.deep.equal([after.best?.number, after.best?.inSample.sharpe, after.best?.params])
    expect(last.counts).to.deep.equal(countsOf(all))
  })
})

function countsOf(trials: readonly TrialRecord[]): Readonly<Record<string, number>> {
  const names = { complete: 'COMPLETE', failed: 'FAIL', pruned: 'PRUNED', running: 'RUNNING', waiting: 'WAITING' }
  const counts: Record<string, number> = {}
  for (const { state } of trials) counts[names[state]] = (counts[names[state]] ?? 0) + 1
  return counts
}
