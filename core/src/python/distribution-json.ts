import { StudyError, sentence, show } from '../errors.ts'
import { categoricalDistribution, type Distribution, floatDistribution, intDistribution, type ParamValue } from '../space.ts'
import type { Json } from '../trial.ts'
import { fromPythonJson, pythonFloat, toPythonJson } from './json.ts'

/**
 * A distribution as Optuna stores it, in Python's spelling: `{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, …}}`.
 * Whole numbers among choices are written as ints; Python takes `1` and `1.0` for one choice.
 */
export function distributionToJson(distribution: Distribution): string {
  if (distribution.kind === 'categorical')
    return `{"name": "CategoricalDistribution", "attributes": {"choices": ${toPythonJson(distribution.choices, 'choices')}}}`
  const { kind, low, high, step, log = false } = distribution
  if (kind === 'int')
    return `{"name": "IntDistribution", "attributes": {"log": ${log}, "step": ${wholeText(step ?? 1)}, "low": ${wholeText(low)}, "high": ${wholeText(high)}}}`
  return `{"name": "FloatDistribution", "attributes": {"step": ${step === undefined ? 'null' : pythonFloat(step)}, "low": ${pythonFloat(low)}, "high": ${pythonFloat(high)}, "log": ${log}}}`
}

/**
 * Reads a distribution that Optuna stored, in the form of today, the short one (`{"type": "float", …}`) or that of Optuna 1 and 2
 * (`UniformDistribution` and the like). Throws `StudyError` for any other text.
 */
export function distributionFromJson(text: string): Distribution {
  const { kind, attributes, allowed, preset, isShort } = parsed(text)
  for (const key in attributes) if (!isShort && !allowed.includes(key)) throw invalid(text, `the unknown attribute "${key}"`)
  if (kind === 'categorical') {
    if (!Array.isArray(attributes.choices)) throw invalid(text, 'no choices')
    // `categoricalDistribution` checks the type of every choice.
    return categoricalDistribution(text, attributes.choices as readonly ParamValue[])
  }
  const number = (value: Json | undefined, name: string): number => {
    if (typeof value !== 'number' && typeof value !== 'boolean') throw invalid(text, `${show(value)} as ${name}`)
    return Number(value)
  }
  const low = number(attributes.low, 'low')
  const high = number(attributes.high, 'high')
  const stated = attributes.step === undefined ? attributes.q : attributes.step
  // The short form may leave a step out by null, and so may a float.
  if (stated === null && kind === 'int' && !isShort) throw invalid(text, 'null as step')
  const step = stated === undefined || stated === null ? {} : { step: number(stated, 'step') }
  const options = { ...step, log: preset?.log ?? Boolean(attributes.log) }
  if (kind === 'int') return readInt(text, low, high, options)
  if (preset?.step && stated === undefined) throw invalid(text, 'no step')
  if (Number.isFinite(low) && Number.isFinite(high)) return floatDistribution(text, low, high, options)
  if (low > high || (options.log && low <= 0) || options.step !== undefined) throw invalid(text, 'bounds that are none')
  return Object.freeze({ kind, low, high, ...(options.log ? { log: true } : {}) })
}

/** Python checks a whole number's bounds as they are written and then cuts them; those beyond 2^53 are read as they are. */
function readInt(text: string, low: number, high: number, options: { readonly step?: number; readonly log: boolean }): Distribution {
  const { step = 1, log } = options
  const isNone = low > high || step < 1 || (log && (low < 1 || step !== 1))
  if (isNone || ![low, high, step].every(Number.isFinite)) throw invalid(text, 'bounds that are none')
  const [bottom, top, unit] = [Math.trunc(low), Math.trunc(high), Math.trunc(step)]
  if ([bottom, top, unit].every(Number.isSafeInteger)) return intDistribution(text, bottom, top, { step: unit, log })
  const last = Number(BigInt(bottom) + ((BigInt(top) - BigInt(bottom)) / BigInt(unit)) * BigInt(unit))
  return Object.freeze({ kind: 'int', low: bottom, high: last, ...(unit === 1 ? {} : { step: unit }), ...(log ? { log } : {}) })
}

/** A whole number in full, as Python writes an int of any length. */
function wholeText(value: number): string {
  return Number.isInteger(value) ? BigInt(value).toString() : String(value)
}

interface Form {
  readonly kind: Distribution['kind']
  /** The attributes that its constructor takes. */
  readonly allowed: readonly string[]
  readonly preset?: { readonly log?: boolean; readonly step?: true }
}

const forms: Readonly<Record<string, Form>> = {
  FloatDistribution: { kind: 'float', allowed: ['step', 'low', 'high', 'log'] },
  IntDistribution: { kind: 'int', allowed: ['step', 'low', 'high', 'log'] },
  CategoricalDistribution: { kind: 'categorical', allowed: ['choices'] },
  UniformDistribution: { kind: 'float', allowed: ['low', 'high'] },
  LogUniformDistribution: { kind: 'float', allowed: ['low', 'high'], preset: { log: true } },
  DiscreteUniformDistribution: { kind: 'float', allowed: ['low', 'high', 'q'], preset: { step: true } },
  IntUniformDistribution: { kind: 'int', allowed: ['low', 'high', 'step'] },
  IntLogUniformDistribution: { kind: 'int', allowed: ['low', 'high', 'step'], preset: { log: true } }
}
const shortNames: Readonly<Record<string, string>> = {
  float: 'FloatDistribution',
  int: 'IntDistribution',
  categorical: 'CategoricalDistribution'
}

function parsed(text: string): Form & { readonly attributes: { readonly [key: string]: Json }; readonly isShort: boolean } {
  let value: Json
  try {
    value = fromPythonJson(text, { tokens: 'number' })
  } catch (cause) {
    throw invalid(text, 'no JSON', cause)
  }
  if (!isObject(value)) throw invalid(text, show(value))
  const { type, name, attributes } = value
  const isShort = name === undefined
  const full = isShort ? shortNames[String(type)] : name
  const form = typeof full === 'string' && Object.hasOwn(forms, full) ? forms[full] : undefined
  if (!form) throw invalid(text, `the unknown kind ${show(name ?? type)}`)
  if (isShort) return { ...form, attributes: value, isShort }
  if (!isObject(attributes)) throw invalid(text, 'no attributes')
  return { ...form, attributes, isShort }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(text: string, got: string, cause?: unknown): StudyError {
  return new StudyError('DISTRIBUTION_JSON', sentence('DISTRIBUTION_JSON', text, got), cause === undefined ? {} : { cause })
}
