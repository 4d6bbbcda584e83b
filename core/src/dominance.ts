import type { Direction } from './objective.ts'
import { isFeasible, type TrialRecord, violation } from './trial.ts'

/** What decides which of two trials is better. */
export type Contender = Pick<TrialRecord, 'state' | 'values' | 'constraints'>

/** Whether `a` is at least as good as `b` in every objective and better in one. A complete trial dominates any other kind. */
export function dominates(a: Contender, b: Contender, directions: readonly Direction[]): boolean {
  if (a.state !== 'complete') return false
  if (b.state !== 'complete') return true
  return dominatesLosses(lossesOf(a, directions), lossesOf(b, directions))
}

/**
 * Dominance under constraints: a feasible trial before an infeasible one, of infeasible ones the one that violates less, of feasible ones the
 * one that dominates (Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", 2002, §VI).
 */
export function constrainedDominates(a: Contender, b: Contender, directions: readonly Direction[]): boolean {
  if (a.state !== 'complete') return false
  if (b.state !== 'complete') return true
  const feasible = isFeasible(a.constraints)
  if (feasible !== isFeasible(b.constraints)) return feasible
  return feasible ? dominates(a, b, directions) : violation(a.constraints) < violation(b.constraints)
}

/** A complete trial's values, turned so that less is better. */
export function lossesOf({ values }: Pick<TrialRecord, 'values'>, directions: readonly Direction[]): Float64Array {
  return Float64Array.from(directions, (direction, i) => (direction === 'maximize' ? -(values[i] as number) : (values[i] as number)))
}

/** The same of losses alone. */
export function dominatesLosses(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  let better = false
  for (let i = 0; i < a.length; i++) {
    if ((a[i] as number) > (b[i] as number)) return false
    if ((a[i] as number) < (b[i] as number)) better = true
  }
  return better
}
