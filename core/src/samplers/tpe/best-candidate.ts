import type { Mixture } from './mixture.ts'

/** A candidate by its place, and the logarithm of its ratio of densities. */
export interface Chosen {
  readonly index: number
  readonly ratio: number
}

/**
 * The candidate with the largest ratio of densities, below over above, of those whose log ratio is larger than `least`, if there is one; the first of
 * equal ones. Exact without summing everything: all terms of a density are positive, so what is left of log below − log(part of above) bounds a
 * candidate's ratio, and only the candidate with the largest bound is looked at further, the newest and heaviest components first.
 */
export function bestCandidate(
  below: Mixture,
  above: Mixture,
  points: readonly (readonly number[])[],
  least: number = Number.NEGATIVE_INFINITY
): Chosen | undefined {
  const densities = points.map(point => below.logDensity(point))
  const parts = new Float64Array(points.length).fill(Number.NEGATIVE_INFINITY)
  const done = new Int32Array(points.length)
  for (;;) {
    let best = -1
    let bound = least
    for (let i = 0; i < points.length; i++) {
      const ratio = (densities[i] as number) - (parts[i] as number)
      if (ratio > bound) {
        best = i
        bound = ratio
      }
    }
    if (best < 0) return undefined
    const block = done[best] as number
    if (block === above.blocks) return { index: best, ratio: bound }
    parts[best] = above.addBlock(parts[best] as number, block, points[best] as readonly number[])
    done[best] = block + 1
  }
}
