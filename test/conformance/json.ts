import { distributionFromJson } from '../../core/src/python/distribution-json.ts'
import { toPythonJson } from '../../core/src/python/json.ts'
import type { Distribution, Params, SpaceTable } from '../../core/src/space.ts'
import { type Json, systemKeys, type TrialRecord, type TrialState, trialRecord } from '../../core/src/trial.ts'

/** A distribution as the vectors write it. */
export interface DistributionJson {
  readonly name: string
  readonly attributes: { readonly [name: string]: Json }
}
export type SpaceJson = readonly (readonly [name: string, distribution: DistributionJson])[]
/** A trial as the vectors write it; what a component does not need is absent. */
export interface TrialJson {
  readonly number: number
  readonly state: string
  readonly values?: readonly number[] | null
  readonly params?: Params
  readonly distributions?: Readonly<Record<string, DistributionJson>>
  readonly intermediate?: readonly (readonly [step: number, value: number])[]
  readonly constraints?: Readonly<Record<string, number>>
}

const states: Readonly<Record<string, TrialState>> = {
  COMPLETE: 'complete',
  PRUNED: 'pruned',
  FAIL: 'failed',
  RUNNING: 'running',
  WAITING: 'waiting'
}

/** The name of a state in Optuna as ours. */
export function stateOf(name: string): TrialState {
  const state = states[name]
  if (!state) throw new Error(`Expected a state of Optuna, got ${name}.`)
  return state
}

export function distributionOf(json: DistributionJson): Distribution {
  return distributionFromJson(toPythonJson(json as unknown as Json, 'distribution'))
}

export function spaceOf(json: SpaceJson): SpaceTable {
  return Object.fromEntries(json.map(([name, distribution]) => [name, distributionOf(distribution)]))
}

/** The record that a storage would build. `space`: distributions for trials that are written without. */
export function recordOf(json: TrialJson, space: SpaceTable = {}): TrialRecord {
  const { number, state, values, params = {}, distributions, intermediate = [], constraints = {} } = json
  const table = distributions ? mapped(distributions, distributionOf) : pick(space, Object.keys(params))
  return trialRecord({
    number,
    state: stateOf(state),
    values: values ?? [],
    params,
    distributions: table,
    reports: intermediate.map(([step, value]) => ({ step, value })),
    attributes: {},
    systemAttributes: Object.fromEntries(Object.entries(constraints).map(([name, value]) => [systemKeys.constraint + name, value]))
  })
}

function mapped<T, U>(object: Readonly<Record<string, T>>, of: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, of(value)]))
}

function pick(space: SpaceTable, names: readonly string[]): SpaceTable {
  return Object.fromEntries(names.flatMap(name => (space[name] ? [[name, space[name]]] : [])))
}
