import type { History } from '../history.ts'
import type { Json, Report } from '../trial.ts'

/** A decision to prune, with what is to be stored with the trial. */
export interface PruneDecision {
  readonly prune: boolean
  readonly systemAttributes: Readonly<Record<string, Json>>
}

/** Decides whether a trial is worth going on with, from its own reports and those of others. */
export interface Pruner {
  readonly name: string
  shouldPrune(trial: { readonly number: number; readonly reports: readonly Report[] }, history: History): boolean | PruneDecision
}
