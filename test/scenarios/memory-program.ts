// A process of the tests: holds a study of many trials in memory, and prints what it weighs, in bytes.
import { categorical, createStudy, float, int, memory, samplers, space } from 'rxtuna'

const collectGarbage = globalThis.gc
if (!collectGarbage) throw new Error('Expected node --expose-gc.')
const weighed = (): number => {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
const objective = {
  space: space({
    x0: float(-5, 5),
    x1: float(-5, 5),
    rate: float(1e-5, 1, { log: true }),
    n: int(1, 64),
    side: categorical(['a', 'b', 'c', 'd'])
  }),
  evaluate: ({ x0, x1, rate, n }: { readonly x0: number; readonly x1: number; readonly rate: number; readonly n: number }) =>
    x0 ** 2 + x1 ** 2 + Math.log10(rate) ** 2 + n
}

const empty = weighed()
const storage = memory()
const trials = 100_000
await using drawn = await createStudy({ name: 'study', storage, sampler: samplers.random(), seed: 1 })
await drawn.optimize(objective, { trials })
const random = weighed() - empty
await drawn.close()
await using study = await createStudy({ name: 'study', storage, sampler: samplers.tpe() })
const asked = await study.ask(objective.space)
const tpe = weighed() - empty
const records = await study.trials()
const tables = new Set(records.flatMap(({ distributions }) => Object.values(distributions)))
console.log(JSON.stringify({ asked: asked.number, random, tpe, distributions: tables.size }))
