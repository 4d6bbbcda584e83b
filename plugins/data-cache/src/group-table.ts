import type { Table, Vector } from 'apache-arrow'
import { problem } from './errors.ts'
import { type GroupRequest, groupColumns, type VersionedRequest } from './group-request.ts'
import { groupRows, type RowWindow } from './group-rows.ts'
import type { Layout, StoredColumn } from './grouped-data.ts'
import { numberColumn } from './number-column.ts'
import type { Sliced } from './slices.ts'

/** Grouped rows in memory of their own. */
export interface GroupedTable {
  readonly layout: Layout
  readonly buffer: ArrayBufferLike
}

/**
 * Groups an Arrow table as the request says, in one pass over the codes of its keys and one over each column, into one buffer. Nothing of the
 * table is kept. Throws a sentence that names the column for nulls, for types that are no numbers, and for values that a double cannot hold.
 */
export function* groupTable(table: Table, request: VersionedRequest, shared: boolean): Sliced<GroupedTable> {
  if (typeof table?.getChild !== 'function') throw problem('TABLE_SHAPE', table)
  const { window } = request
  const vector = (name: string): Vector => {
    const found = table.getChild(name)
    if (!found)
      throw problem(
        'COLUMN_MISSING',
        name,
        table.schema.fields.map(field => field.name)
      )
    return found
  }
  const requested = [...new Set(request.columns)]
  const names = window && !requested.includes(window.column) ? [...requested, window.column] : requested
  const columns = names.map(name => numberColumn(name, vector(name)))
  const by = groupColumns(request.groupBy).map(name => ({ name, vector: vector(name) }))
  const { keys, starts, target } = yield* groupRows(by, window && rowWindow(window, vector))

  const rows = starts.at(-1) ?? 0
  const bytes = columns.reduce((sum, { stored }) => sum + padded(rows * stored.BYTES_PER_ELEMENT), 0)
  const buffer = shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)
  const placed: StoredColumn[] = []
  let offset = 0
  for (const { name, stored, scatter } of columns) {
    const array = new stored(buffer, offset, rows)
    yield* scatter(array, target)
    placed.push({ name, array })
    offset += padded(array.byteLength)
  }
  const layout = {
    version: request.version,
    keys,
    starts,
    columns: placed,
    hidden: names.length > requested.length ? requested.length : -1
  }
  return { layout: window ? { ...layout, order: names.indexOf(window.column) } : layout, buffer }
}

/** Sixteen bytes apart every kind of array may begin, and a checksum sees whole words. */
export function padded(bytes: number): number {
  return Math.ceil(bytes / 16) * 16
}

/** How often the grouping looks at each row. */
export function passes({ groupBy, columns, window }: GroupRequest): number {
  const names = new Set(window ? [...columns, window.column] : columns)
  const bounded = window?.from !== undefined || window?.to !== undefined
  return 2 * groupColumns(groupBy).length - 1 + (bounded ? 3 : 0) + 2 + names.size
}

function rowWindow({ column, from, to }: NonNullable<GroupRequest['window']>, vector: (name: string) => Vector): RowWindow | undefined {
  if (from === undefined && to === undefined) return undefined
  return {
    column: numberColumn(column, vector(column)),
    from: from ?? Number.NEGATIVE_INFINITY,
    to: to ?? Number.POSITIVE_INFINITY
  }
}
