import { type Data, DataType, Int64, Table, TimeUnit, Uint64, type Vector, vectorFromArray } from 'apache-arrow'
import { failure, why } from './errors.ts'
import { inTurns } from './shared-bytes.ts'

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

/** What a source gives. */
export type Loaded = Table | Columns

/**
 * The Arrow table of an Arrow table, or of plain columns. Numbers of plain columns are copied, in turns, because who gave them may use their memory
 * again. Rejects with `TIERED_TABLE`, `TIERED_LENGTHS` or `TIERED_COLUMNS` for anything else.
 */
export async function asTable(value: Table | Columns): Promise<Table> {
  // Not `instanceof`: a project may have two copies of apache-arrow, and both make good tables.
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw failure('TIERED_TABLE', [value])
  if (isTable(value)) return value
  const entries = Object.entries(value)
  if (entries.length === 0) throw failure('TIERED_TABLE', [value])
  for (const [, column] of entries) if (!Array.isArray(column) && !isNumbers(column)) throw failure('TIERED_TABLE', [value])
  if (new Set(entries.map(([, { length }]) => length)).size > 1) {
    throw failure('TIERED_LENGTHS', [entries.map(([name, { length }]) => `${name}: ${length}`).join(', ')])
  }
  const vectors: Record<string, Vector> = {}
  for (const [name, column] of entries) {
    try {
      vectors[name] = isNumbers(column) ? vectorFromArray(await copied(column)) : vectorOf(column)
    } catch (error) {
      throw failure('TIERED_COLUMNS', [name, why(error)], error)
    }
  }
  return new Table(vectors)
}

/**
 * The plain columns of a table: of numbers without nulls typed arrays, which nothing is copied for; of timestamps and dates without nulls the
 * milliseconds since the epoch, in a `Float64Array`; of all else arrays of values, which takes about a microsecond each.
 */
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
  return typeof value.getChildAt === 'function' && Array.isArray(value.batches)
}

function isNumbers(column: unknown): column is NumberArray {
  return ArrayBuffer.isView(column) && !(column instanceof DataView)
}

function vectorOf(column: readonly unknown[]): Vector {
  // The library would make numbers of what is not there.
  const values = Array.from(column, value => (value === undefined ? null : value))
  if (!values.some(value => typeof value === 'bigint')) return vectorFromArray(values)
  // It would also cut bigints to 64 bits without a word.
  const isWithin = (low: bigint, high: bigint) =>
    values.every(value => value === null || (typeof value === 'bigint' && value >= low && value < high))
  if (isWithin(-(2n ** 63n), 2n ** 63n)) return vectorFromArray(values, new Int64())
  if (isWithin(0n, 2n ** 64n)) return vectorFromArray(values, new Uint64())
  throw new RangeError('bigints that 64 bits cannot hold, or beside other values')
}

/** A copy of its own length, made in turns. */
async function copied(column: NumberArray): Promise<NumberArray> {
  const bytes = new Uint8Array(new ArrayBuffer(column.byteLength))
  await inTurns(bytes, [new Uint8Array(column.buffer, column.byteOffset, column.byteLength)])
  // Also of a Buffer, which is one.
  if (column instanceof Uint8Array) return bytes
  // Each of these has a constructor of a buffer.
  return new (column.constructor as new (buffer: ArrayBuffer) => NumberArray)(bytes.buffer)
}

function plain(column: Vector | null): NumberArray | unknown[] {
  if (!column) return []
  const { type } = column
  // Where a value is null its typed array holds a stale one.
  if (column.nullCount > 0) return [...column]
  if (DataType.isInt(type) || (DataType.isFloat(type) && type.precision > 0)) return column.toArray()
  if (DataType.isTimestamp(type)) return milliseconds(column.toArray(), type.unit)
  return DataType.isDate(type) ? Float64Array.from(column) : [...column]
}

function milliseconds(values: BigInt64Array, unit: TimeUnit): Float64Array {
  const perMillisecond = { [TimeUnit.SECOND]: 0.001, [TimeUnit.MILLISECOND]: 1, [TimeUnit.MICROSECOND]: 1e3, [TimeUnit.NANOSECOND]: 1e6 }[
    unit
  ]
  const times = new Float64Array(values.length)
  for (let i = 0; i < values.length; i++) times[i] = Number(values[i]) / perMillisecond
  return times
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
