import type { RandomStream } from '../random-stream.ts'
import { type Distribution, decimalGrid, type ParamValue } from '../space.ts'
import type { Sampler } from './sampler.ts'

/** Draws every parameter independently: uniformly, on a logarithmic scale where `log` is set, on the grid where there is a `step`. */
export function random(): Sampler {
  return { name: 'random', sample: (name, distribution, history) => uniform(distribution, history.random(name)) }
}

/** One value of a distribution, drawn uniformly on its own scale. */
export function uniform(distribution: Distribution, stream: RandomStream): ParamValue {
  if (distribution.kind === 'categorical') return distribution.choices[stream.int(0, distribution.choices.length - 1)] as ParamValue
  const { low, high, step, log } = distribution
  if (distribution.kind === 'int') {
    if (!log) return low + (step ?? 1) * stream.int(0, Math.floor((high - low) / (step ?? 1)))
    // Every whole number owns the half below and above it, as in Optuna.
    const drawn = Math.round(between(Math.log(low - 0.5), Math.log(high + 0.5), stream.next(), Math.exp))
    return Math.min(Math.max(drawn, low), high)
  }
  if (step !== undefined) {
    const grid = decimalGrid(low, high, step)
    return grid.at(stream.int(0, grid.steps))
  }
  const drawn = log ? between(Math.log(low), Math.log(high), stream.next(), Math.exp) : between(low, high, stream.next(), value => value)
  return Math.min(Math.max(drawn, low), high)
}

// A range wider than the largest double is a sum of two parts, which are finite.
function between(low: number, high: number, share: number, back: (value: number) => number): number {
  const range = high - low
  return back(Number.isFinite(range) ? low + share * range : low * (1 - share) + high * share)
}
