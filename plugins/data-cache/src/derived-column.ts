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

/** What is the same for the same name, params and code. Throws a sentence for params that JSON does not hold. */
export function derivedKey(source: string, name: string, params: unknown, compute: ComputeColumn<never>): string {
  const text = params === undefined ? '' : JSON.stringify(params)
  if (text === undefined || (text !== '' && !isSame(params, JSON.parse(text)))) throw problem('DERIVED_PARAMS', name)
  return JSON.stringify([source, name, text, compute.toString()])
}

/** Whether JSON has kept a value: NaN, functions and objects of classes it does not. */
function isSame(value: unknown, read: unknown): boolean {
  if (typeof value !== 'object' || value === null) return Object.is(value, read)
  if (typeof read !== 'object' || read === null) return false
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return (
    entries.length === Object.keys(read).length &&
    entries.every(([key, item]) => isSame(item, (read as Readonly<Record<string, unknown>>)[key]))
  )
}
