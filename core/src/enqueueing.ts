import { problem } from './errors.ts'
import { isReal } from './python/values.ts'
import { assertName, type Params, type ParamValue } from './space.ts'
import type { StudyCore } from './study-core.ts'
import { systemKeys, type TrialRecord } from './trial.ts'

/** Appends a waiting trial with these params fixed. With `skipIfExists`, not when a trial of any state has them. */
export async function enqueue(core: StudyCore, params: Params, skipIfExists: boolean): Promise<void> {
  if (typeof params !== 'object' || params === null || Array.isArray(params))
    throw problem('OPTION', 'params', 'an object of names and values', params)
  for (const name in params) {
    assertName(name)
    const value = params[name]
    const fits = value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
    if (!fits) throw problem('PARAM_VALUE', name, value, 'a string, a finite number, a boolean or null')
  }
  if (skipIfExists) {
    await core.sync()
    for (const record of core.log.records()) if (repeats(record, params)) return
    for (const record of await core.storage.waiting(core.name)) if (repeats(record, params)) return
  }
  const record = await core.storage.create(core.name, { state: 'waiting', systemAttributes: { [systemKeys.fixedParams]: params } })
  if (record) core.log.reserve(record.number)
}

/**
 * Whether a trial was enqueued or drawn with the same names and values, by Optuna's measure: numbers within a relative 1e-5, NaN equal to itself,
 * and an asked `true` equal to a 1 that exists, but not the other way round.
 */
export function repeats({ params, systemAttributes }: Pick<TrialRecord, 'params' | 'systemAttributes'>, asked: Params): boolean {
  const enqueued = systemAttributes[systemKeys.fixedParams]
  const existing = typeof enqueued === 'object' && enqueued !== null ? (enqueued as Params) : params
  const names = Object.keys(asked)
  if (names.length !== Object.keys(existing).length) return false
  return names.every(name => Object.hasOwn(existing, name) && isClose(asked[name] as ParamValue, existing[name] as ParamValue))
}

function isClose(asked: ParamValue, existing: ParamValue): boolean {
  if (typeof existing !== 'number' || !isReal(asked)) return asked === existing
  const value = Number(asked)
  if (value === existing || (Number.isNaN(value) && Number.isNaN(existing))) return true
  return Number.isFinite(existing) && Math.abs(value - existing) <= 1e-5 * Math.abs(existing)
}
