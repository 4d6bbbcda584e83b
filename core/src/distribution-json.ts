import { StudyError, sentences, show } from './errors.ts'
import { fromPythonJson, pythonFloat, pythonNumber, toPythonJson } from './python-json.ts'
import { categoricalDistribution, type Distribution, floatDistribution, intDistribution, type ParamValue } from './space.ts'
import type { Json } from './trial.ts'

/**
 * A distribution as Optuna stores it, in Python's spelling: `{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0, …}}`.
 * Whole numbers among choices are written as ints; Python takes `1` and `1.0` for one choice.
 */
export function distributionToJson(distribution: Distribution): string {
  if (distribution.kind === 'categorical')
    return `{"name": "CategoricalDistribution", "attributes": {"choices": ${toPythonJson(distribution.choices, 'choices')}}}`
  const { kind, low, high, step, log = false } = distribution
  if (kind === 'int')
    return `{"name": "IntDistribution", "attributes": {"log": ${log}, "step": ${pythonNumber(step ?? 1)}, "low": ${pythonNumber(low)}, "high": ${pythonNumber(high)}}}`
  return `{"name": "FloatDistribution", "attributes": {"step": ${step === undefined ? 'null' : pythonFloat(step)}, "low": ${pythonFloat(low)}, "high": ${pythonFloat(high)}, "log": ${log}}}`
}

/**
 * Reads a distribution that Optuna stored, in the form of today, the short one (`{"type": "float", …}`) or that of Optuna 1 and 2
 * (`UniformDistribution` and the like). Throws `StudyError` for any other text.
 */
export function distributionFromJson(text: string): Distribution {
  const { kind, attributes, allowed, preset } = parsed(text)
  for (const key in attributes) if (!allowed.includes(key)) throw invalid(text, `the unknown attribute "${key}"`)
  if (kind === 'categorical') {
    if (!Array.isArray(attributes.choices)) throw invalid(text, 'no choices')
    // `categoricalDistribution` checks the type of every choice.
    return categoricalDistribution(text, attributes.choices as readonly ParamValue[])
  }
  const number = (value: Json | undefined, name: string): number => {
    if (typeof value !== 'number' || Number.isNaN(value)) throw invalid(text, `${show(value)} as ${name}`)
    return kind === 'int' ? Math.trunc(value) : value
  }
  const low = number(attributes.low, 'low')
  const high = number(attributes.high, 'high')
  const stated = attributes.step ?? attributes.q
  const step = stated === undefined || stated === null ? undefined : number(stated, 'step')
  const log = preset?.log ?? attributes.log === true
  // Python keeps bounds that are infinite or beyond 2^53; they are read as they are, and only our own suggestions refuse them.
  const exact = kind === 'int' ? [low, high, step ?? 1].every(Number.isSafeInteger) : Number.isFinite(low) && Number.isFinite(high)
  if (!exact) return Object.freeze({ kind, low, high, ...(step === undefined ? {} : { step }), ...(log ? { log } : {}) })
  const options = { ...(step === undefined ? {} : { step }), log }
  return kind === 'int' ? intDistribution(text, low, high, options) : floatDistribution(text, low, high, options)
}

interface Form {
  readonly kind: Distribution['kind']
  /** The attributes that its constructor takes. */
  readonly allowed: readonly string[]
  readonly preset?: { readonly log: boolean }
}

const forms: Readonly<Record<string, Form>> = {
  FloatDistribution: { kind: 'float', allowed: ['step', 'low', 'high', 'log'] },
  IntDistribution: { kind: 'int', allowed: ['step', 'low', 'high', 'log'] },
  CategoricalDistribution: { kind: 'categorical', allowed: ['choices'] },
  UniformDistribution: { kind: 'float', allowed: ['low', 'high'] },
  LogUniformDistribution: { kind: 'float', allowed: ['low', 'high'], preset: { log: true } },
  DiscreteUniformDistribution: { kind: 'float', allowed: ['low', 'high', 'q'] },
  IntUniformDistribution: { kind: 'int', allowed: ['low', 'high', 'step'] },
  IntLogUniformDistribution: { kind: 'int', allowed: ['low', 'high', 'step'], preset: { log: true } }
}
const shortNames: Readonly<Record<string, string>> = {
  float: 'FloatDistribution',
  int: 'IntDistribution',
  categorical: 'CategoricalDistribution'
}

function parsed(text: string): Form & { readonly attributes: { readonly [key: string]: Json } } {
  let value: Json
  try {
    value = fromPythonJson(text, { tokens: 'number' })
  } catch (cause) {
    throw invalid(text, 'no JSON', cause)
  }
  if (!isObject(value)) throw invalid(text, show(value))
  const { type, name, attributes, ...rest } = value
  const full = typeof type === 'string' ? shortNames[type] : name
  const form = typeof full === 'string' && Object.hasOwn(forms, full) ? forms[full] : undefined
  if (!form) throw invalid(text, `the unknown kind ${show(type ?? name)}`)
  if (type !== undefined) return { ...form, attributes: rest }
  if (!isObject(attributes)) throw invalid(text, 'no attributes')
  return { ...form, attributes }
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(text: string, got: string, cause?: unknown): StudyError {
  return new StudyError('DISTRIBUTION_JSON', sentences.DISTRIBUTION_JSON(text, got), cause === undefined ? {} : { cause })
}
