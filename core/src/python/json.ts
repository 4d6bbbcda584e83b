import { problem } from '../errors.ts'
import type { Json } from '../trial.ts'

/**
 * JSON as Python's `json.dumps` writes it by default: `", "` and `": "` as separators, `\uXXXX` for what is not ASCII, and the tokens `NaN`,
 * `Infinity` and `-Infinity`. What `fromPythonJson` read as `{ "$python": text }` is written back as that text.
 * Throws `StudyError` for what is no JSON; `key` names it in the sentence.
 */
export function toPythonJson(value: Json, key: string): string {
  if (typeof value === 'string') return pythonString(value)
  if (typeof value === 'number') return pythonNumber(value)
  if (typeof value === 'boolean' || value === null) return String(value)
  if (Array.isArray(value)) return `[${value.map(item => toPythonJson(item, key)).join(', ')}]`
  if (!isPlain(value)) throw problem('ATTRIBUTE_VALUE', key, value)
  const token = pythonToken(value)
  if (token !== undefined) return token
  let text = ''
  for (const name of Object.keys(value)) {
    const item = value[name]
    if (item === undefined) continue
    text += `${text === '' ? '' : ', '}${pythonString(name)}: ${toPythonJson(item, key)}`
  }
  return `{${text}}`
}

/**
 * Reads what Python wrote. Integers beyond 2^53 and the tokens that JSON does not have come as `{ "$python": text }`, or with
 * `tokens: 'number'` as the nearest number.
 */
export function fromPythonJson(text: string, options: { readonly tokens?: 'keep' | 'number' } = {}): Json {
  // Only these need more than JSON.parse: the tokens, and numbers of so many digits or such exponents that a double may not hold them.
  if (!/NaN|Infinity|\d{16}|[eE]\+?\d{3}/.test(text)) return JSON.parse(text)
  return new PythonReader(text, options.tokens === 'number').read()
}

/** A number as Python's `repr` of a float spells it: `1.0`, `1e-05`, `1e+16`, `inf` as `Infinity`. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return String(value)
  if (Object.is(value, -0)) return '-0.0'
  const [mantissa = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16) return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  const text = String(value)
  return text.includes('.') ? text : `${text}.0`
}

/** A number whose type Python would not know from us: whole ones are ints, as far as both languages hold them exactly. */
export function pythonNumber(value: number): string {
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : pythonFloat(value)
}

/** The text in `{ "$python": text }`, if this is one. */
function pythonToken(value: { readonly [key: string]: Json }): string | undefined {
  const text = value.$python
  if (typeof text !== 'string' || Object.keys(value).length !== 1) return undefined
  return /^(NaN|-?Infinity|-?\d+)$/.test(text) ? text : undefined
}

function pythonString(value: string): string {
  return JSON.stringify(value).replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function isPlain(value: unknown): value is { readonly [key: string]: Json } {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const lexeme = /\s*(?:[[\]{},:]|"(?:[^"\\]|\\.)*"|NaN|-?Infinity|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)/y

class PythonReader {
  readonly #text: string
  readonly #numbers: boolean
  #at = 0

  constructor(text: string, numbers: boolean) {
    this.#text = text
    this.#numbers = numbers
  }

  read(): Json {
    const value = this.#value(this.#next())
    if (this.#text.slice(this.#at).trim() !== '') throw this.#unexpected()
    return value
  }

  #next(): string {
    lexeme.lastIndex = this.#at
    const match = lexeme.exec(this.#text)
    if (!match) throw this.#unexpected()
    this.#at = lexeme.lastIndex
    return match[0].trimStart()
  }

  #value(token: string): Json {
    if (token === '[') return this.#array()
    if (token === '{') return this.#object()
    if (token.startsWith('"') || /^[tfn]/.test(token)) return JSON.parse(token)
    const number = Number(token)
    if (Number.isNaN(number) && token !== 'NaN') throw this.#unexpected()
    const exact = Number.isFinite(number) && (Number.isSafeInteger(number) || !/^-?\d+$/.test(token))
    return exact || this.#numbers ? number : { $python: Number.isFinite(number) ? token : pythonInfinity(number, token) }
  }

  #array(): Json {
    const items: Json[] = []
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      if (items.length > 0) {
        if (token !== ',') throw this.#unexpected()
        token = this.#next()
      }
      items.push(this.#value(token))
    }
    return items
  }

  #object(): Json {
    const entries: [string, Json][] = []
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      if (entries.length > 0) {
        if (token !== ',') throw this.#unexpected()
        token = this.#next()
      }
      if (!token.startsWith('"') || this.#next() !== ':') throw this.#unexpected()
      entries.push([JSON.parse(token), this.#value(this.#next())])
    }
    return Object.fromEntries(entries)
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`Expected JSON as Python writes it, got something else at position ${this.#at} of ${this.#text.slice(0, 60)}.`)
  }
}

/** A float such as 1e400 is infinite in Python too; a long integer is not. */
function pythonInfinity(value: number, token: string): string {
  return /^-?\d+$/.test(token) ? token : String(value)
}
