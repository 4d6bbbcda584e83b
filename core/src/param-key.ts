import { StudyError, sentences } from './errors.ts'
import type { Params } from './space.ts'

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

function valueKey(name: string, value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? '0' : String(value)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value)
  throw new StudyError('KEY_VALUE', sentences.KEY_VALUE(name, value))
}
