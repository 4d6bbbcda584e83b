import { hash } from 'node:crypto'
import { type Json, type Params, paramKey, recordKey, type TrialRecord } from '@rxtuna/core'

export interface SignatureOptions {
  /** Numbers are rounded to this many decimals first. Default: not at all, because rounding makes 1e-11 equal to 0. */
  readonly decimals?: number
  /** What else makes an outcome what it is. */
  readonly scope?: Readonly<Record<string, Json>>
}

/** SHA-256 of `paramKey` and the scope, 64 hexadecimal digits. Throws for params that have no key: NaN, infinities, other types. */
export function paramSignature(params: Params, options: SignatureOptions = {}): string {
  const { decimals, scope } = options
  const key = paramKey(decimals === undefined ? params : rounded(params, decimals))
  return sha256(scope === undefined ? key : `${canonicalJson(scope)}\n${key}`)
}

/** The signature of what a record was evaluated with. */
export function recordSignature(record: Pick<TrialRecord, 'params' | 'distributions'>, scope: Readonly<Record<string, Json>>): string {
  return sha256(`${canonicalJson(scope)}\n${recordKey(record)}`)
}

/** JSON with the keys of every object sorted (RFC 8785 for what can be a scope). */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value as Readonly<Record<string, Json>>).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** SHA-256 of a text, 64 hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function rounded(params: Params, decimals: number): Params {
  const scale = 10 ** decimals
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? Math.round(value * scale) / scale : value])
  )
}
