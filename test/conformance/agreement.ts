import type { Tolerance } from './vectors.ts'

/** Two neighbours among doubles, because a shortest text and a sum may differ by one. */
const exactly = 2 ** -52

/** Where two answers first differ, as a path; undefined where they agree. Objects are maps without an order, `{ error }` is any error. */
export function difference(expected: unknown, got: unknown, tolerance: Tolerance, path = ''): string | undefined {
  if (typeof expected === 'number' && typeof got === 'number') return agree(expected, got, tolerance) ? undefined : path || '.'
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (expected.length !== got.length) return `${path}.length`
    for (const [i, item] of expected.entries()) {
      const found = difference(item, got[i], tolerance, `${path}[${i}]`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (isObject(expected) && isObject(got)) {
    if (isError(expected) && isError(got)) return undefined
    for (const name of new Set([...Object.keys(expected), ...Object.keys(got)])) {
      const found = difference(expected[name], got[name], tolerance, `${path}.${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  return Object.is(expected, got) ? undefined : path || '.'
}

function agree(expected: number, got: number, { rtol, atol, exact }: Tolerance): boolean {
  if (expected === got || (Number.isNaN(expected) && Number.isNaN(got))) return true
  if (!Number.isFinite(expected) || !Number.isFinite(got)) return false
  return Math.abs(expected - got) <= (exact ? exactly * Math.abs(expected) : atol + rtol * Math.abs(expected))
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isError(value: Readonly<Record<string, unknown>>): boolean {
  return typeof value.error === 'string' && Object.keys(value).length === 1
}
