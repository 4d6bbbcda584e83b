import type { Mixture } from './mixture.ts'
import { logSum } from './normal.ts'

/**
 * The index of the candidate with the largest ratio of densities, below over above; the first of equal ones. Exact without summing everything:
 * all terms of a density are positive, so what is left of log below − log(part of above) bounds a candidate's ratio, and only the
 * candidate with the largest bound is looked at further, the newest and heaviest components first.
 */
export function bestCandidate(below: Mixture, above: Mixture, points: readonly Float64Array[]): number {
  const densities = points.map(point => below.logDensity(point))
  const parts = new Float64Array(points.length).fill(Number.NEGATIVE_INFINITY)
  const done = new Int32Array(points.length)
  for (;;) {
    let best = 0
    let bound = Number.NEGATIVE_INFINITY
    for (let i = 0; i < points.length; i++) {
      const ratio = (densities[i] as number) - (parts[i] as number)
      if (ratio > bound) {
        best = i
        bound = ratio
      }
    }
    const block = done[best] as number
    if (block === above.blocks) return best
    parts[best] = logSum(parts[best] as number, above.logDensityOf(block, points[best] as Float64Array))
    done[best] = block + 1
  }
}
