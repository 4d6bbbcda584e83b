import type { Distribution, ParamValue, TrialState } from '@rxtuna/core'
import { distributionFromJson, distributionToJson } from '@rxtuna/core/python'
import { rdbError } from './errors.ts'
import type { StoredState } from './tables.ts'

export const stateOf: Readonly<Record<StoredState, TrialState>> = {
  RUNNING: 'running',
  COMPLETE: 'complete',
  PRUNED: 'pruned',
  FAIL: 'failed',
  WAITING: 'waiting'
}
export const storedState: Readonly<Record<TrialState, StoredState>> = {
  running: 'RUNNING',
  complete: 'COMPLETE',
  pruned: 'PRUNED',
  failed: 'FAIL',
  waiting: 'WAITING'
}

/** A value as a number and its type: what is not finite is NULL and a word. */
export function storedValue(value: number): readonly [value: number | null, type: string] {
  if (Number.isFinite(value)) return [value, 'FINITE']
  return [null, Number.isNaN(value) ? 'NAN' : value > 0 ? 'INF_POS' : 'INF_NEG']
}

export function numberOf(value: number | null, type: string): number {
  if (type === 'INF_POS') return Number.POSITIVE_INFINITY
  if (type === 'INF_NEG') return Number.NEGATIVE_INFINITY
  return value ?? Number.NaN
}

/** Naive UTC with six digits, as Python's `isoformat(' ')`. `at`: milliseconds since the epoch. */
export function storedTime(at: number): string {
  const text = new Date(at).toISOString()
  return `${text.slice(0, 10)} ${text.slice(11, 23)}000`
}

/** Reads every spelling that Python reads; the time is in UTC unless it says otherwise. */
export function timeOf(text: string): Date {
  const zoned = /(Z|[-+]\d\d:?\d\d)$/.test(text.slice(10))
  return new Date(`${text.replace(' ', 'T')}${zoned ? '' : 'Z'}`)
}

/**
 * A parameter's value as the number that is stored: itself, or the index of the choice. Choices are looked up as Python compares them:
 * `true`, `1` and `1.0` are the first of them in the list.
 */
export function storedParam(name: string, value: ParamValue, distribution: Distribution): number {
  if (distribution.kind !== 'categorical') {
    if (typeof value !== 'number' || Number.isNaN(value)) throw rdbError('PARAM_NUMBER', name, value)
    return value
  }
  const index = distribution.choices.findIndex(choice => pythonEqual(choice, value))
  if (index < 0) throw rdbError('PARAM_CHOICE', name, value, JSON.stringify(distribution.choices))
  return index
}

/** The value of a stored number. An int is cut to a whole number, as Python does. */
export function paramOf(stored: number, distribution: Distribution): ParamValue {
  if (distribution.kind === 'float') return stored
  if (distribution.kind === 'int') return Math.trunc(stored)
  // An index beyond the choices stands in no database that Optuna wrote.
  return distribution.choices[Math.trunc(stored)] ?? null
}

function pythonEqual(a: ParamValue, b: ParamValue): boolean {
  if (a === b) return true
  if (a === null || b === null || typeof a === 'string' || typeof b === 'string') return false
  return Number(a) === Number(b) || (Number.isNaN(a) && Number.isNaN(b))
}

const mostKept = 10_000

/** Distributions by their stored text and back, because thousands of rows share a few. */
export class DistributionTexts {
  readonly #parsed = new Map<string, Distribution>()
  readonly #written = new WeakMap<Distribution, string>()

  parse(text: string): Distribution {
    let distribution = this.#parsed.get(text)
    if (!distribution) {
      distribution = distributionFromJson(text)
      if (this.#parsed.size >= mostKept) this.#parsed.clear()
      this.#parsed.set(text, distribution)
    }
    return distribution
  }

  write(distribution: Distribution): string {
    // Only a frozen one cannot change after its text was kept.
    if (!Object.isFrozen(distribution)) return distributionToJson(distribution)
    let text = this.#written.get(distribution)
    if (text === undefined) {
      text = distributionToJson(distribution)
      this.#written.set(distribution, text)
    }
    return text
  }
}
