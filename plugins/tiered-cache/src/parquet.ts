import { DataType, type Schema, type Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import type { Compression, EncodePlan } from './encode-plan.ts'
import { failure, why } from './errors.ts'
import { decodeStream, encodeStream } from './parquet-stream.ts'
import { asTable, type Loaded } from './table.ts'

/** A table, or plain columns, as a Parquet file, types, schema and metadata kept. Blocks the event loop while it encodes. Rejects for types that Parquet lacks. */
export async function encodeParquet(
  table: Loaded,
  { compression = 'snappy' }: { readonly compression?: Compression } = {}
): Promise<Uint8Array> {
  const given = await asTable(table)
  return encodeStream(tableToIPC(given, 'stream'), encodePlan(given.schema, compression))
}

/**
 * The table of a Parquet file, ours or another program's, in one batch, so that `toArray` of a column copies nothing. Blocks the event loop while it decodes.
 * Small files are read sooner with `rows`. Rejects with `TIERED_PARQUET_FILE` for anything else, and for a file of another number of rows.
 */
export async function decodeParquet(bytes: Uint8Array, rows?: number): Promise<Table> {
  if (!(bytes instanceof Uint8Array)) throw failure('TIERED_PARQUET', [bytes])
  const table = await decodeStream(bytes, rows).then(tableFromIPC, (error: unknown) => {
    throw failure('TIERED_PARQUET_FILE', [why(error)], error)
  })
  return rows === undefined ? table : checkRows(table, rows)
}

/** How to encode a table of this schema. */
export function encodePlan(schema: Schema, compression: Compression): EncodePlan {
  const plain = schema.fields.filter(({ type }) => DataType.isFloat(type) || DataType.isInt(type) || DataType.isTimestamp(type))
  return { compression, plain: plain.map(({ name }) => name) }
}

/** The table; throws when it has another number of rows. */
export function checkRows(table: Table, rows: number): Table {
  if (table.numRows !== rows) throw new RangeError(`expected ${rows} rows, got ${table.numRows}`)
  return table
}
