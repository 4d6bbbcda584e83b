import { hash } from 'node:crypto'
import { type Json, type Params, paramKey, recordKey, type TrialRecord } from '@rxtuna/core'
import { dedupError } from './errors.ts'

export interface SignatureOptions {
  /** Numbers are rounded to this many decimals first, 0 to 100. Default: not at all, because rounding makes 1e-11 equal to 0. */
  readonly decimals?: number
  /** What else makes an outcome what it is. */
  readonly scope?: Readonly<Record<string, Json>>
}

/**
 * SHA-256 of `paramKey` and the scope, 64 hexadecimal digits. Throws `StudyError` for params that have no key (NaN, infinities, other types)
 * and for a scope that is not JSON.
 */
export function paramSignature(params: Params, options: SignatureOptions = {}): string {
  const { decimals, scope } = options
  const key = paramKey(decimals === undefined ? params : rounded(params, decimals))
  return sha256(scope === undefined ? key : `${canonicalJson(scope)}\n${key}`)
}

/** The signature of what a record was evaluated with. */
export function recordSignature(record: Pick<TrialRecord, 'params' | 'distributions'>, scope: Readonly<Record<string, Json>>): string {
  return sha256(`${canonicalJson(scope)}\n${recordKey(record)}`)
}

/** Throws for a text that is no signature: half of one would be another one's. */
export function assertSignatures(signatures: readonly string[]): void {
  for (const signature of signatures)
    if (typeof signature !== 'string' || !/^[0-9a-f]{64}$/.test(signature)) throw dedupError('SIGNATURE', signature)
}

/** JSON with the keys of every object sorted (RFC 8785). Throws for what JSON would merge or leave out: NaN, infinities, undefined, dates, maps. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value)) return JSON.stringify(value)
  if (typeof value !== 'object' || !isPlain(value)) throw dedupError('SIGNATURE_SCOPE', value)
  const entries = Object.entries(value as Readonly<Record<string, Json>>).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`
}

/** SHA-256 of a text, 64 hexadecimal digits. */
export function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function rounded(params: Params, decimals: number): Params {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > 100) throw dedupError('SIGNATURE_DECIMALS', decimals)
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, typeof value === 'number' ? Number(value.toFixed(decimals)) : value])
  )
}
