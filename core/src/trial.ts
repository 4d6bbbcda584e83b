import type { Params, SpaceTable } from './space.ts'

export type TrialState = 'waiting' | 'running' | 'complete' | 'pruned' | 'failed'
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** An intermediate value. */
export interface Report {
  readonly step: number
  readonly value: number
}

/** What happened to one trial: plain, frozen data, the same from every storage. */
export interface TrialRecord {
  readonly number: number
  readonly state: TrialState
  /** One per objective when complete; the value of the last step when pruned, if there is one objective; else empty. */
  readonly values: readonly number[]
  /** The value of a trial with one objective. */
  readonly value?: number
  readonly params: Params
  readonly distributions: SpaceTable
  /** In the order in which they were reported; the first report of a step stands. */
  readonly reports: readonly Report[]
  readonly attributes: Readonly<Record<string, Json>>
  readonly systemAttributes: Readonly<Record<string, Json>>
  /** Constraint name to value; feasible when every value is <= 0. */
  readonly constraints: Readonly<Record<string, number>>
  /** The trial whose outcome this one took over instead of evaluating. */
  readonly reusedFrom?: number
  readonly startedAt?: Date
  readonly finishedAt?: Date
}

/** What an outcome carries beside its value, so that a reused one is whole. */
export interface Evidence {
  readonly constraints?: Readonly<Record<string, number>>
  readonly reports?: readonly Report[]
  readonly reusedFrom?: number
}

export type FailureCause = 'threw' | 'timeout' | 'aborted' | 'invalid' | 'lost'

/** How an evaluation ended. */
export type Outcome<V = number> =
  | ({ readonly state: 'complete'; readonly value: V } & Evidence)
  | ({ readonly state: 'pruned'; readonly reason?: string } & Evidence)
  | ({ readonly state: 'failed'; readonly error: unknown; readonly cause?: FailureCause } & Evidence)

/** The outcome as plugins see it: one number per objective. */
export type TrialOutcome = Outcome<readonly number[]>

/** The live side of a trial. `report`, `shouldPrune` and `setAttribute` are synchronous, so they fit into a hot loop. */
export interface Trial<P = Params> {
  readonly number: number
  /** What the space returned. */
  readonly params: P
  /** Aborts when the run is aborted, the trial times out, or the study closes. */
  readonly signal: AbortSignal
  /** Records an intermediate value; the first report of a step stands. Stored in the background, at the latest by `tell`. */
  report(value: number, step: number): void
  /** Whether the study's pruner would end the trial after its latest report. */
  shouldPrune(): boolean
  /** Ends the trial as pruned, by throwing `TrialPruned`. */
  prune(reason?: string): never
  setAttribute(key: string, value: Json): void
  /** Feasible when <= 0. The first value of a name stands. */
  setConstraint(name: string, value: number): void
}

/** What `ask` returns: with the answer, when a plugin knows it already, or the number of a running twin. */
export interface AskedTrial<P = Params> extends Trial<P> {
  readonly answer?: TrialOutcome
  readonly twin?: number
}

/** System attributes of trials and studies that this library writes; DESIGN: durability. */
export const systemKeys = {
  seed: 'rxtuna:seed',
  reusedFrom: 'rxtuna:reused_from',
  reason: 'rxtuna:reason',
  scope: 'rxtuna:scope',
  worker: 'rxtuna:worker',
  fixedParams: 'fixed_params',
  constraint: 'constraints:',
  constraints: 'constraints',
  metricNames: 'study:metric_names'
} as const

/** The parts of a record that a storage holds; the others follow from them. */
export interface TrialParts {
  readonly number: number
  readonly state: TrialState
  readonly values: readonly number[]
  readonly params: Params
  readonly distributions: SpaceTable
  readonly reports: readonly Report[]
  readonly attributes: Readonly<Record<string, Json>>
  readonly systemAttributes: Readonly<Record<string, Json>>
  readonly startedAt?: Date | undefined
  readonly finishedAt?: Date | undefined
}

/** The frozen record of stored parts: adds `value`, `constraints` and `reusedFrom`. For storages. */
export function trialRecord(parts: TrialParts): TrialRecord {
  const { number, state, values, params, distributions, reports, attributes, systemAttributes, startedAt, finishedAt } = parts
  const record: { -readonly [K in keyof TrialRecord]: TrialRecord[K] } = {
    number,
    state,
    values: Object.freeze(values),
    params: Object.freeze(params),
    distributions: Object.freeze(distributions),
    reports: Object.freeze(reports),
    attributes: Object.freeze(attributes),
    systemAttributes: Object.freeze(systemAttributes),
    constraints: constraintsOf(systemAttributes)
  }
  const [value] = values
  const reusedFrom = systemAttributes[systemKeys.reusedFrom]
  if (values.length === 1 && value !== undefined) record.value = value
  if (typeof reusedFrom === 'number') record.reusedFrom = reusedFrom
  if (startedAt) record.startedAt = startedAt
  if (finishedAt) record.finishedAt = finishedAt
  return Object.freeze(record)
}

const noConstraints: Readonly<Record<string, number>> = Object.freeze({})

/** Optuna's two ways of storing constraints, merged: the list names them "0", "1", …, a named one wins. */
function constraintsOf(systemAttributes: Readonly<Record<string, Json>>): Readonly<Record<string, number>> {
  let constraints: Record<string, number> | undefined
  const list = systemAttributes[systemKeys.constraints]
  if (Array.isArray(list)) {
    constraints = {}
    for (const [index, value] of list.entries()) if (typeof value === 'number') constraints[index] = value
  }
  for (const key in systemAttributes) {
    if (!key.startsWith(systemKeys.constraint)) continue
    const value = systemAttributes[key]
    constraints ??= {}
    if (typeof value === 'number') constraints[key.slice(systemKeys.constraint.length)] = value
  }
  return constraints === undefined ? noConstraints : Object.freeze(constraints)
}

/** The values that a finished trial is stored with: a pruned one keeps its last step's, if the study has one objective. For storages. */
export function finishedValues(outcome: TrialOutcome, reports: readonly Report[], objectives: number): readonly number[] {
  if (outcome.state === 'complete') return outcome.value
  if (outcome.state === 'failed' || objectives !== 1) return []
  let last: Report | undefined
  for (const report of reports) if (last === undefined || report.step > last.step) last = report
  return last === undefined || Number.isNaN(last.value) ? [] : [last.value]
}

/** Whether all constraints hold. */
export function isFeasible(constraints: Readonly<Record<string, number>>): boolean {
  for (const name in constraints) if (!((constraints[name] ?? 0) <= 0)) return false
  return true
}

/** How far constraints are from being met, in all; 0 where they hold. */
export function violation(constraints: Readonly<Record<string, number>>): number {
  let sum = 0
  for (const name in constraints) sum += Math.max(constraints[name] as number, 0)
  return sum
}
