import { DataType, type Schema, type Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import type { Compression, EncodePlan } from './encode-plan.ts'
import { decodeStream, encodeStream } from './parquet-stream.ts'

/** A table as a Parquet file, its types, schema and metadata kept. Blocks the event loop while it encodes. Rejects for types that Parquet lacks. */
export function encodeParquet(table: Table, { compression = 'snappy' }: { readonly compression?: Compression } = {}): Promise<Uint8Array> {
  return encodeStream(tableToIPC(table, 'stream'), encodePlan(table.schema, compression))
}

/**
 * The table of a Parquet file, ours or another program's, in one batch, so that `toArray` of a column copies nothing.
 * Small files are read sooner with `rows`. Rejects for anything else, and for a file of another number of rows.
 */
export async function decodeParquet(bytes: Uint8Array, rows?: number): Promise<Table> {
  const table = tableFromIPC(await decodeStream(bytes, rows))
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
