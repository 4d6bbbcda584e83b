import { createStudy, pruners, type RandomStream, samplers, space } from '@rxtuna/core'
import { randomStream } from '../../core/src/random-stream.ts'
import { type Bench, type Figure, interleaved, median, type Variant } from './measure.ts'

const trials = 400
const meanMs = 10
const rounds = 3

/** Evaluation times in milliseconds, all with the same mean. */
const times = {
  'equal times': () => meanMs,
  'uniform from 0 to twice the mean': (stream: RandomStream) => 2 * meanMs * stream.next(),
  'exponential times': (stream: RandomStream) => -meanMs * Math.log1p(-stream.next()),
  'one trial in ten takes ten times as long': (stream: RandomStream) => (meanMs / 1.9) * (stream.next() < 0.1 ? 10 : 1)
} as const

/** Trials per second of a run whose evaluations wait for a timer; those of one round are the same with and without. */
async function throughput(time: (stream: RandomStream) => number, lanes: number, round: number, deterministic: boolean): Promise<number> {
  await using study = await createStudy({ seed: round, sampler: samplers.random(), pruner: pruners.none() })
  const began = performance.now()
  await study.optimize(
    {
      space: space(suggest => suggest.suggestFloat('x', 0, 1)),
      evaluate: async (x, { number }) => {
        const ms = time(randomStream(round, number, 0, 'time'))
        await new Promise(resolve => setTimeout(resolve, Math.round(ms)))
        return x
      }
    },
    { trials, concurrency: lanes, deterministic }
  )
  return (1000 * trials) / (performance.now() - began)
}

const emptyTrials =
  (deterministic: boolean): Variant =>
  async operations => {
    const study = await createStudy({ seed: 1, sampler: samplers.random(), pruner: pruners.none() })
    const objective = { space: space(suggest => suggest.suggestFloat('x', 0, 1)), evaluate: (x: number) => x }
    return { run: () => study.optimize(objective, { trials: operations, concurrency: 4, deterministic }), close: () => study.close() }
  }

export const bench: Bench = {
  title: `What a deterministic run costs: trials per second when an evaluation takes ${meanMs} ms in the mean`,
  async run() {
    const figures: Figure[] = []
    for (const [name, time] of Object.entries(times)) figures.push(...(await figuresOf(name, time, 4)))
    figures.push(...(await figuresOf('exponential times', times['exponential times'], 16)))
    const cpu = await interleaved({ with: emptyTrials(true), without: emptyTrials(false) }, { operations: 5_000, rounds: 9 })
    return [
      ...figures,
      { name: 'CPU time of an empty trial: without', value: cpu.perOperation('without'), unit: 'µs' },
      { name: 'CPU time of an empty trial: with', value: cpu.perOperation('with'), unit: 'µs' }
    ]
  }
}

async function figuresOf(name: string, time: (stream: RandomStream) => number, lanes: number): Promise<readonly Figure[]> {
  const measured: { readonly with: number; readonly without: number }[] = []
  for (let round = 0; round < rounds; round++)
    measured.push({ without: await throughput(time, lanes, round, false), with: await throughput(time, lanes, round, true) })
  return [
    { name: `${lanes} lanes, ${name}: without`, value: median(measured.map(({ without }) => without)), unit: '1/s' },
    { name: `${lanes} lanes, ${name}: with`, value: median(measured.map(sample => sample.with)), unit: '1/s' },
    { name: `${lanes} lanes, ${name}: ratio`, value: median(measured.map(sample => sample.with / sample.without)), unit: 'x' }
  ]
}
