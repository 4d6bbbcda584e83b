import { expect } from 'chai'
import { categorical, float, int, memory, pruners, samplers } from 'rxtuna'
import { cutSeed, cuts, killed } from './determinism-kills.ts'
import { run, type Setting } from './determinism-run.ts'

const rounds = Number(process.env.RXTUNA_TEST_ROUNDS ?? 3)
const table = { x: float(0, 2, { step: 0.1 }), y: int(0, 8), side: categorical(['a', 'b']) }
const choices = {
  objective: ['two-phase', 'function'],
  sampler: { tpe: samplers.tpe, grid: () => samplers.grid(table), random: samplers.random },
  pruner: { median: pruners.median, percentile: () => pruners.percentile(25), none: pruners.none },
  onDuplicate: ['reuse', 'resample', 'prune']
} as const

describe(`deterministic studies of 300 trials (RXTUNA_TEST_SEED=${cutSeed})`, () => {
  // A function objective is neither answered nor an answer.
  for (const lanes of [1, 2, 4, 16, 64])
    for (const objective of choices.objective)
      for (const [sampler, createSampler] of Object.entries(choices.sampler))
        for (const [pruner, createPruner] of Object.entries(choices.pruner))
          for (const onDuplicate of objective === 'function' ? (['reuse'] as const) : choices.onDuplicate) {
            const name = `${lanes} lanes, ${objective}, ${sampler}, ${pruner}, ${onDuplicate}`
            it(`${name}: repeated, stopped and resumed`, async () => {
              const random = cuts(name)
              const setting = (order: number): Setting => ({
                lanes,
                order,
                objective,
                onDuplicate,
                sampler: createSampler(),
                pruner: createPruner()
              })
              const whole = await run(setting(1))
              for (let round = 0; round < rounds; round++) {
                expect(await run(setting(random.int(2, 1e6)))).to.deep.equal(whole)
                const storage = memory()
                const stops = Array.from({ length: random.int(1, 8) }, () => random.int(1, 300))
                for (const stopAfter of stops) await run({ ...setting(random.int(2, 1e6)), storage, stopAfter })
                const resumed = await run({ ...setting(random.int(2, 1e6)), storage })
                expect(resumed, `stopped after ${stops.join(', ')}`).to.deep.equal(whole)
              }
            })
          }

  for (const lanes of [1, 4, 16])
    for (const objective of choices.objective)
      for (let round = 0; round < rounds; round++)
        it(`${lanes} lanes, ${objective}: killed at random moments and resumed, round ${round}`, async () => {
          const random = cuts(`kill ${lanes} ${objective} ${round}`)
          const moments = Array.from({ length: random.int(2, 6) }, () =>
            random.int(0, 2) === 0
              ? { afterMs: random.int(1, 400) }
              : ({ at: 'commit', when: random.int(0, 1) === 0 ? 'before' : 'after', count: random.int(1, 150) } as const)
          )
          const whole = await run({ lanes, objective, order: 1 })
          expect(await killed({ lanes, objective, order: random.int(2, 1e6) }, moments), JSON.stringify(moments)).to.deep.equal(whole)
        })
})
