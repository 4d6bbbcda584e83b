import { problem } from './errors.ts'
import { padded } from './group-table.ts'
import type { ComputeColumn, GroupedData, StoredColumn } from './grouped-data.ts'
import type { Sliced } from './slices.ts'

/** A column of doubles, computed group by group. Throws a sentence for a group that gets another number of values than it has rows. */
export function* derivedColumn<Q>(
  data: GroupedData,
  name: string,
  params: Q,
  compute: ComputeColumn<Q>,
  shared: boolean
): Sliced<StoredColumn> {
  let rows = 0
  for (const { length } of data.groups.values()) rows += length
  const bytes = padded(rows * Float64Array.BYTES_PER_ELEMENT)
  const array = new Float64Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes), 0, rows)
  let begin = 0
  for (const group of data.groups.values()) {
    const values = compute(group, params)
    if (values?.length !== group.length) throw problem('DERIVED_LENGTH', name, group.key, group.length, values)
    array.set(values, begin)
    begin += group.length
    yield group.length
  }
  return { name, array }
}

/** What identifies a derived column, and its params as JSON holds them, which is what the code gets to see. */
export interface DerivedKey<Q> {
  readonly key: string
  readonly params: Q
}

/** The same for the same name, params and code. Throws a sentence for params that JSON does not hold, and for code that has no text. */
export function derivedKey<Q>(source: string, name: string, params: Q, compute: ComputeColumn<Q>): DerivedKey<Q> {
  const code = compute.toString()
  if (code.endsWith('{ [native code] }')) throw problem('DERIVED_COMPUTE', name, compute)
  if (params === undefined) return { key: JSON.stringify([source, name, '', code]), params }
  if (!isHeldByJson(params)) throw problem('DERIVED_PARAMS', name)
  const text = JSON.stringify(params)
  return { key: JSON.stringify([source, name, text, code]), params: JSON.parse(text) as Q }
}

/** Plain values, arrays and objects of them; what is undefined in an object counts as not there. */
function isHeldByJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return Array.from(value).every(isHeldByJson)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every(item => item === undefined || isHeldByJson(item))
}
