import type { RandomStream } from '../../random-stream.ts'
import { bestCandidate } from './best-candidate.ts'
import type { Mixture } from './mixture.ts'

/**
 * The point that TPE tries next, in internal form: the one of the largest ratio of densities among `count` draws from the good density and, where there
 * are several parameters, as many crossings of the best of these with fresh draws, each parameter from either with equal probability. Optuna ends with the
 * draws. They rarely have all parameters near good trials at once, and crossings put that right, so the ratio, which is the same, comes closer to
 * its maximum.
 */
export function bestPoint(below: Mixture, above: Mixture, stream: RandomStream, count: number): Float64Array {
  const fresh = (): Float64Array => below.sample(below.component(stream.next()), () => stream.next())
  const scaled = (values: readonly Float64Array[]): readonly Float64Array[] => values.map(value => below.scaled(value))
  const draws = Array.from({ length: count }, fresh)
  const first = bestCandidate(below, above, scaled(draws))
  const best = draws[first?.index ?? 0] as Float64Array
  // A single draw is a random one, and stays so.
  if (best.length === 1 || count === 1) return best
  const crossings = Array.from({ length: count }, () => {
    const other = fresh()
    return best.map((value, parameter) => (stream.next() < 0.5 ? value : (other[parameter] as number)))
  })
  const second = bestCandidate(below, above, scaled(crossings), first?.ratio)
  return second ? (crossings[second.index] as Float64Array) : best
}
