import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStudy, memory, pruners, type Sampler, type StudyStorage, type Suggest, samplers } from '@rxtuna/core'
import { runPython } from '../interop/python.ts'
import { type Bench, type Figure, median } from './measure.ts'

const costs = { a: 0, b: 1, c: 2, d: 3 }
/** Two floats, a float on a logarithmic scale, an int, a categorical. */
const objective = (trial: Suggest): number => {
  const x0 = trial.suggestFloat('x0', -5, 5)
  const x1 = trial.suggestFloat('x1', -5, 5)
  const rate = trial.suggestFloat('lr', 1e-5, 1, { log: true })
  const n = trial.suggestInt('n', 1, 64)
  const c = trial.suggestCategorical('c', ['a', 'b', 'c', 'd'])
  return x0 ** 2 + x1 ** 2 + (Math.log10(rate) + 3) ** 2 + ((n - 20) / 10) ** 2 + costs[c]
}

const peer = `
import json, math, sys, time
cost = {"a": 0.0, "b": 1.0, "c": 2.0, "d": 3.0}
D = optuna.distributions
space = {"x0": D.FloatDistribution(-5, 5), "x1": D.FloatDistribution(-5, 5), "lr": D.FloatDistribution(1e-5, 1, log=True),
         "n": D.IntDistribution(1, 64), "c": D.CategoricalDistribution(["a", "b", "c", "d"])}
def objective(t):
    x0 = t.suggest_float("x0", -5, 5); x1 = t.suggest_float("x1", -5, 5); lr = t.suggest_float("lr", 1e-5, 1, log=True)
    n = t.suggest_int("n", 1, 64); c = t.suggest_categorical("c", ["a", "b", "c", "d"])
    return x0 * x0 + x1 * x1 + (math.log10(lr) + 3) ** 2 + ((n - 20) / 10) ** 2 + cost[c]
file, name, trials = sys.argv[1], sys.argv[2], int(sys.argv[3])
sampler = optuna.samplers.TPESampler(seed=0) if name == "tpe" else optuna.samplers.RandomSampler(seed=0)
study = optuna.create_study(sampler=sampler)
study.add_trials([optuna.trial.create_trial(params=p, distributions=space, value=v) for p, v in json.load(open(file))])
study.optimize(objective, n_trials=3)
start = time.process_time()
study.optimize(objective, n_trials=trials)
print(json.dumps(1e6 * (time.process_time() - start) / trials))
`

/** CPU time of one trial in µs, ask, suggest and tell, after what the storage holds. */
async function ours(storage: StudyStorage, sampler: Sampler, trials: number): Promise<number> {
  await using study = await createStudy({ name: 'bench', storage, seed: 1, sampler, pruner: pruners.none() })
  await study.optimize(objective, { trials: 10 })
  const before = process.cpuUsage()
  await study.optimize(objective, { trials })
  const { user, system } = process.cpuUsage(before)
  return (user + system) / trials
}

async function historyOf(sampler: Sampler, length: number): Promise<StudyStorage> {
  const storage = memory()
  await using study = await createStudy({ name: 'bench', storage, seed: 1, sampler, pruner: pruners.none() })
  await study.optimize(objective, { until: length })
  return storage
}

async function asFile(storage: StudyStorage, directory: string): Promise<string> {
  const { trials } = await storage.read('bench')
  const file = join(directory, 'history.json')
  await writeFile(file, JSON.stringify(trials.map(({ params, value }) => [params, value])))
  return file
}

interface Plan {
  readonly name: string
  readonly history: Sampler
  readonly sampler: 'tpe' | 'random'
  readonly length: number
  readonly floor?: number
}

const plans: readonly Plan[] = [
  { name: 'tpe after 1,000 random trials', history: samplers.random(), sampler: 'tpe', length: 1_000, floor: 20 },
  { name: 'tpe after 3,000 random trials', history: samplers.random(), sampler: 'tpe', length: 3_000, floor: 25 },
  { name: 'tpe after 10,000 random trials', history: samplers.random(), sampler: 'tpe', length: 10_000, floor: 40 },
  { name: "tpe after 1,000 of TPE's own", history: samplers.tpe(), sampler: 'tpe', length: 1_000 },
  { name: "tpe after 10,000 of TPE's own", history: samplers.tpe(), sampler: 'tpe', length: 10_000 },
  { name: 'random after 1,000', history: samplers.random(), sampler: 'random', length: 1_000, floor: 20 }
]
const warmUps = 4
const rounds = 7

export const bench: Bench = {
  title: 'CPU time of a trial of five mixed parameters, in memory, against Optuna 5.0.0, run alternately',
  async run() {
    const directory = await mkdtemp(join(tmpdir(), 'rxtuna-bench-'))
    try {
      const figures: Figure[] = []
      for (const plan of plans) figures.push(...(await figuresOf(plan, directory)))
      const large = median([...(await Promise.all([ours(await historyOf(samplers.random(), 100_000), samplers.tpe(), 100)]))])
      return [...figures, { name: 'tpe after 100,000 random trials, ours', value: large, unit: 'µs' }]
    } finally {
      await rm(directory, { recursive: true })
    }
  }
}

async function figuresOf({ name, history, sampler, length, floor }: Plan, directory: string): Promise<readonly Figure[]> {
  const file = await asFile(await historyOf(history, length), directory)
  const [us, them]: [number[], number[]] = [[], []]
  // Some rounds before it counts: the compiler works on for a thousand trials, and a longer study has that behind it.
  const measured = sampler === 'tpe' ? 300 : 10_000
  for (let round = 0; round < warmUps; round++) await ours(await historyOf(history, length), samplers[sampler](), measured)
  for (let round = 0; round < rounds; round++) {
    us.push(await ours(await historyOf(history, length), samplers[sampler](), measured))
    them.push(Number(await runPython(peer, file, sampler, sampler === 'tpe' ? '50' : '2000')))
  }
  const ratio = median(us.map((cost, round) => (them[round] as number) / cost))
  return [
    { name: `${name}: ratio`, value: ratio, unit: 'x', ...(floor === undefined ? {} : { floor: { atLeast: floor } }) },
    { name: `${name}: ours`, value: median(us), unit: 'µs' },
    { name: `${name}: Optuna's`, value: median(them), unit: 'µs' }
  ]
}
