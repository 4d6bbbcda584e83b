import { exact } from './distributions.ts'
import { problem } from './errors.ts'
import type { Params, ParamValue } from './space.ts'
import type { TrialRecord } from './trial.ts'

/**
 * The canonical text of a parameter set: equal texts, equal sets. JSON with its keys in the order of their UTF-16 units and numbers in their
 * shortest decimal (RFC 8785), so it does not depend on the order of suggestion, and `-0` is `0`, `1.0` is `1`, `true` is not `1`.
 * Throws `StudyError` for NaN, infinities and unsupported types.
 */
export function paramKey(params: Params): string {
  const names = Object.keys(params).sort()
  let text = '{'
  for (const name of names) {
    if (text.length > 1) text += ','
    text += `${JSON.stringify(name)}:${valueKey(name, params[name])}`
  }
  return `${text}}`
}

/** The key of what a record was evaluated with: stepped numbers snapped to their grid, because Python stores 0.30000000000000004 for 0.3. */
export function recordKey({ params, distributions }: Pick<TrialRecord, 'params' | 'distributions'>): string {
  const meant: Record<string, ParamValue> = {}
  for (const name in params) {
    const value = params[name] as ParamValue
    const distribution = distributions[name]
    meant[name] = distribution ? exact(distribution, value) : value
  }
  return paramKey(meant)
}

function valueKey(name: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? '0' : String(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
  throw problem('KEY_VALUE', name, value)
}
