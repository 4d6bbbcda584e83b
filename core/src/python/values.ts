import type { ParamValue } from '../space.ts'

/** Whether Python takes two values for equal: `true` is 1, and NaN is itself here, as among Optuna's choices. */
export function pythonEqual(a: ParamValue, b: ParamValue): boolean {
  if (a === b) return true
  if (!isReal(a) || !isReal(b)) return false
  return Number(a) === Number(b) || (Number.isNaN(a) && Number.isNaN(b))
}

/** What `float(value)` gives in Python: a number, `true` as 1, a text that spells a number. NaN where it raises, too. */
export function pythonFloatOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  if (typeof value !== 'string') return Number.NaN
  const text = value.trim().toLowerCase()
  if (/^[-+]?inf(inity)?$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return /^[-+]?(\d+(_\d+)*\.?|(\d+(_\d+)*)?\.\d+(_\d+)*)(e[-+]?\d+(_\d+)*)?$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN
}

/** Whether a text spells a number, NaN among them, that `float(text)` would read. */
export function spellsNumber(text: string): boolean {
  return !Number.isNaN(pythonFloatOf(text)) || /^[-+]?nan$/i.test(text.trim())
}

/** A number or a boolean: what Python calls real. */
export function isReal(value: unknown): value is number | boolean {
  return typeof value === 'number' || typeof value === 'boolean'
}
