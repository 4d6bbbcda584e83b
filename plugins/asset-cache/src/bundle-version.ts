import { hash } from 'node:crypto'
import { problem } from './errors.ts'

/** What a version can be made of: plain values, lists and objects of them; a date counts by its instant. */
export type VersionPart =
  | string
  | number
  | boolean
  | null
  | Date
  | readonly VersionPart[]
  | { readonly [name: string]: VersionPart | undefined }

/**
 * A version of named parts, such as `{ assets, range, schema, content: await fileVersion(paths) }`: 128 bits of a SHA-256 for each, so that it changes when any
 * of them does, and `compareVersions` can say which. The order of names does not count, that of lists does. Throws a sentence for what JSON does not hold.
 */
export function bundleVersion(parts: Readonly<Record<string, VersionPart>>): string {
  const names = Object.keys(parts ?? {}).sort()
  if (names.length === 0 || !names.every(name => name.isWellFormed())) throw problem('VERSION_PARTS')
  return names.map(name => `${encodeURIComponent(name)}=${hash('sha256', textOf(name, parts[name]), 'hex').slice(0, 32)}`).join('&')
}

/**
 * The names of the parts in which two versions differ, those that only one of them has included: `[]` for equal ones. Of versions that `bundleVersion`
 * did not make nothing more is known than that they differ: `['version']`.
 */
export function compareVersions(before: string, after: string): readonly string[] {
  if (before === after) return []
  const [old, now] = [partsOf(before), partsOf(after)]
  if (!old || !now) return ['version']
  return [...new Set([...old.keys(), ...now.keys()])].filter(name => old.get(name) !== now.get(name)).sort()
}

function partsOf(version: string): ReadonlyMap<string, string> | undefined {
  const parts = version.split('&').map(part => /^([^=]+)=([0-9a-f]{32})$/.exec(part))
  const pairs: [string, string][] = []
  for (const match of parts) {
    const [, name, digest] = match ?? []
    if (name === undefined || digest === undefined) return undefined
    try {
      pairs.push([decodeURIComponent(name), digest])
    } catch {
      return undefined
    }
  }
  return new Map(pairs)
}

/** JSON with its keys in order. */
function textOf(part: string, value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${Array.from(value, item => textOf(part, item)).join()}]`
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    return `{${entries
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, item]) => `${JSON.stringify(name)}:${textOf(part, item)}`)
      .join()}}`
  }
  const isPlain = value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value)
  if (!isPlain) throw problem('VERSION_PART', part, value)
  return JSON.stringify(value)
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
