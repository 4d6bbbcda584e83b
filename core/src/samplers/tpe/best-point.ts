import type { RandomStream } from '../../random-stream.ts'
import { bestCandidate } from './best-candidate.ts'
import type { Mixture } from './mixture.ts'

/**
 * The point that TPE tries next, in internal form: the one of the largest ratio of densities among `count` draws from the good density and, where there
 * are several parameters, as many crossings of the best of these with fresh draws, each parameter from either with equal probability. Optuna ends with the
 * draws. They rarely have all parameters near good trials at once, and crossings put that right, so the ratio, which is the same, comes closer to
 * its maximum.
 */
export function bestPoint(below: Mixture, above: Mixture, stream: RandomStream, count: number): number[] {
  const scaled = (points: readonly (readonly number[])[]): readonly (readonly number[])[] => points.map(point => below.scaled(point))
  const draws = Array.from({ length: count }, () => below.sample(below.component(stream.next()), () => stream.next()))
  const first = bestCandidate(below, above, scaled(draws))
  const best = draws[first?.index ?? 0] as number[]
  // A single draw is a random one, and stays so.
  if (best.length === 1 || count === 1) return best
  const crossings = Array.from({ length: count }, () => {
    const component = below.component(stream.next())
    const uniform = best.map(() => stream.next())
    return best.map((value, parameter) => (stream.next() < 0.5 ? value : below.value(component, parameter, uniform[parameter] as number)))
  })
  const second = bestCandidate(below, above, scaled(crossings), first?.ratio)
  return second ? (crossings[second.index] as number[]) : best
}
