import { type Data, DataType, type Table, tableFromArrays, type Vector } from 'apache-arrow'
import { failure, why } from './errors.ts'

/** Numbers of one type, as an array of the language. */
export type NumberArray =
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** Plain columns of one length, by name: typed arrays, or arrays of numbers, bigints, texts, booleans, dates and nulls. */
export type Columns = Readonly<Record<string, NumberArray | readonly unknown[]>>

/** The Arrow table of an Arrow table, or of plain columns. Throws `TIERED_TABLE` for anything else. */
export function asTable(value: Table | Columns): Table {
  // Not `instanceof`: a project may have two copies of apache-arrow, and both make good tables.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw failure('TIERED_TABLE', [value])
  if (isTable(value)) return value
  const entries = Object.entries(value)
  const lengths = new Set(entries.map(([, column]) => (Array.isArray(column) || isNumbers(column) ? column.length : -1)))
  if (lengths.size !== 1 || lengths.has(-1)) throw failure('TIERED_TABLE', [value])
  try {
    // The library's types know no readonly arrays, and it does not write into them.
    return tableFromArrays(value as Parameters<typeof tableFromArrays>[0]) as Table
  } catch (error) {
    throw failure('TIERED_COLUMNS', [why(error)], error)
  }
}

/** The plain columns of a table: of numbers without nulls typed arrays, which nothing is copied for, of all else arrays of values. */
export function toColumns(table: Table): Record<string, NumberArray | unknown[]> {
  return Object.fromEntries(table.schema.fields.map(({ name }, index) => [name, plain(table.getChildAt(index))]))
}

/** Bytes of memory that a table keeps alive: each buffer under its columns once, whole, even where a column sees a part of it. */
export function tableBytes(table: Table): number {
  const buffers = new Set<ArrayBufferLike>()
  for (const batch of table.batches) collect(batch.data, buffers)
  let bytes = 0
  for (const buffer of buffers) bytes += buffer.byteLength
  return bytes
}

function isTable(value: Table | Columns): value is Table {
  return Array.isArray(value.batches) && 'schema' in value && typeof value.schema === 'object'
}

function isNumbers(column: unknown): column is NumberArray {
  return ArrayBuffer.isView(column) && !(column instanceof DataView)
}

function plain(column: Vector | null): NumberArray | unknown[] {
  if (!column) return []
  const isNumeric = DataType.isInt(column.type) || DataType.isFloat(column.type)
  // Where a value is null its typed array holds a stale one.
  return isNumeric && column.nullCount === 0 ? column.toArray() : [...column]
}

function collect(data: Data, into: Set<ArrayBufferLike>): void {
  // The declared types leave out that each of these may be absent: most by the column's type, and all but the vector's own parts in an empty table.
  const views: (ArrayBufferView | undefined)[] = [
    data.values,
    data.valueOffsets,
    data.nullBitmap,
    data.typeIds,
    ...(data.variadicBuffers ?? [])
  ]
  for (const view of views) if (view?.buffer) into.add(view.buffer)
  for (const child of data.children ?? []) collect(child, into)
  for (const part of data.dictionary?.data ?? []) collect(part, into)
}
