import { stages } from '@rxtuna/data-cache'
import type { Bench } from './measure.ts'

interface Setting {
  readonly indicator: number
  readonly signal: number
  readonly exit: number
}

/** CPU time, spent on numbers that depend on what is given. */
function spend(milliseconds: number, start: number): number {
  const rounds = Math.round(milliseconds * roundsPerMillisecond)
  let x = start + 0.5
  for (let i = 0; i < rounds; i++) x = (x * 3.9999 * (4 - x)) % 4
  return x
}
let roundsPerMillisecond = 100_000

export const bench: Bench = {
  title: '300 trials in stages, each step computed once for the params that it reads, against computing all',
  async run() {
    for (let i = 0; i < 5; i++) {
      const begun = performance.now()
      spend(50, 0)
      roundsPerMillisecond *= 50 / (performance.now() - begun)
    }
    const steps = {
      indicators: ({ indicator }: Setting, data: number) => spend(80, data + indicator / 40),
      signals: ({ signal }: Setting, indicators: number) => spend(5, (indicators + signal / 20) % 1),
      exits: ({ exit }: Setting, signals: number) => spend(1, (signals + exit / 40) % 1)
    }
    let state = 1
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    const settings = Array.from({ length: 300 }, () => ({ indicator: random(20), signal: random(10), exit: random(20) }))
    const evaluated = async (enabled: boolean): Promise<{ readonly values: readonly number[]; readonly cpu: number }> => {
      const staged = stages(0, steps, { enabled })
      const values: number[] = []
      const before = process.cpuUsage()
      for (const setting of settings) values.push(await staged.evaluate(setting))
      const { user, system } = process.cpuUsage(before)
      return { values, cpu: user + system }
    }
    const [plain, staged] = [await evaluated(false), await evaluated(true)]
    const different = plain.values.filter((value, i) => !Object.is(value, staged.values[i])).length
    return [
      {
        name: '300 trials in stages of 80, 5 and 1 ms: without over with',
        value: plain.cpu / staged.cpu,
        unit: 'x',
        floor: { atLeast: 8 }
      },
      { name: 'values of those trials that differ', value: different, unit: '', floor: { atMost: 0 } }
    ]
  }
}
