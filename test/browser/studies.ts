// Runs in Node and, bundled, in a browser: imports nothing but core.
import { categorical, createStudy, float, int, type Sampler, type SpaceTable, samplers, space } from '@rxtuna/core'

const linear = {
  x: float(-5, 5),
  wide: float(-1e300, 1e300),
  stepped: float(0, 1, { step: 0.05 }),
  units: int(16, 256, { step: 16 }),
  kind: categorical(['a', 'b', 'c'])
} as const
const logarithmic = {
  rate: float(1e-5, 1e-1, { log: true }),
  tiny: float(1e-300, 1e-290, { log: true }),
  n: int(1, 1000, { log: true })
} as const
const points = { stepped: float(0, 1, { step: 0.25 }), layers: int(1, 4), kind: categorical(['a', 'b']) } as const
// Distances that need no `exp` or `log`, so that values differ only where params do.
const mixed = { x: float(-5, 5), stepped: float(0, 1, { step: 0.05 }), units: int(1, 64), kind: categorical(['a', 'b', 'c']) } as const

const studies: Readonly<Record<string, readonly [SpaceTable, Sampler]>> = {
  random: [linear, samplers.random()],
  grid: [points, samplers.grid(points)],
  logarithmic: [logarithmic, samplers.random()],
  tpe: [mixed, samplers.tpe()]
}

/** Thirty trials in four lanes that end in no order, as JSON: number, params and value of each. */
export async function run(name: string): Promise<string> {
  const [table, sampler] = studies[name] ?? []
  if (!table || !sampler) throw new Error(`Expected the name of a study, got ${name}.`)
  await using study = await createStudy({ sampler, seed: 11 })
  await study.optimize(
    {
      space: space(table),
      evaluate: async (params, { number }) => {
        for (let turns = (number * 7) % 5; turns > 0; turns--) await undefined
        return Object.values(params).reduce<number>((sum, value) => sum + (typeof value === 'number' ? (value - 0.3) ** 2 : 1), 0)
      }
    },
    { trials: 30, concurrency: 4, deterministic: true }
  )
  return JSON.stringify((await study.trials()).map(({ number, params, value }) => ({ number, params, value })))
}
