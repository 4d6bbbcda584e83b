import { DataType, type Table, tableFromIPC, tableToIPC } from 'apache-arrow'

type ParquetWasm = typeof import('parquet-wasm')
let loading: Promise<ParquetWasm> | undefined
const parquetWasm = (): Promise<ParquetWasm> => {
  // Loaded by the first table, because compiling it takes tens of milliseconds.
  loading ??= import('parquet-wasm')
  return loading
}

/** A table as a Parquet file, Snappy, its types, schema and metadata kept. Blocks the event loop while it encodes. */
export async function encodeParquet(table: Table): Promise<Uint8Array> {
  const { Compression, Table: WasmTable, WriterPropertiesBuilder, writeParquet } = await parquetWasm()
  let builder = new WriterPropertiesBuilder().setCompression(Compression.SNAPPY)
  for (const { name, type } of table.schema.fields) {
    // Distinct numbers gain nothing from a dictionary and cost most of the time.
    if (DataType.isFloat(type) || DataType.isInt(type) || DataType.isTimestamp(type)) {
      builder = builder.setColumnDictionaryEnabled(name, false)
    }
  }
  return writeParquet(WasmTable.fromIPCStream(tableToIPC(table, 'stream')), builder.build())
}

/** The table of a Parquet file, in one batch, so that `toArray` of a column copies nothing. Throws for anything else. */
export async function decodeParquet(bytes: Uint8Array, rows: number): Promise<Table> {
  const { readParquet } = await parquetWasm()
  const table = tableFromIPC(readParquet(bytes, { batchSize: Math.max(1, rows) }).intoIPCStream())
  if (table.numRows !== rows) throw new RangeError(`expected ${rows} rows, got ${table.numRows}`)
  return table
}
