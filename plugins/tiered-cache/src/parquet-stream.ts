import type { EncodePlan } from './encode-plan.ts'

type ParquetWasm = typeof import('parquet-wasm')
let loading: Promise<ParquetWasm> | undefined

/** The library, loaded by the first table, because compiling it takes tens of milliseconds. */
export function parquetWasm(): Promise<ParquetWasm> {
  loading ??= import('parquet-wasm')
  return loading
}

/** A Parquet file of an Arrow stream. Blocks the thread while it encodes, about 4 ms per MB. */
export async function encodeStream(ipc: Uint8Array, { compression, plain }: EncodePlan): Promise<Uint8Array> {
  const { Compression, Table, WriterPropertiesBuilder, writeParquet } = await parquetWasm()
  let builder = new WriterPropertiesBuilder().setCompression(compression === 'zstd' ? Compression.ZSTD : Compression.SNAPPY)
  for (const name of plain) builder = builder.setColumnDictionaryEnabled(name, false)
  return writeParquet(Table.fromIPCStream(ipc), builder.build())
}

// More rows than one batch can have.
const allRows = 2 ** 32 - 1

/**
 * The Arrow stream of a Parquet file, in one batch, so that `toArray` of a column copies nothing. Small files are read sooner when their number of
 * rows is known. Blocks the thread, about 2 ms per MB.
 */
export async function decodeStream(bytes: Uint8Array, rows: number = allRows): Promise<Uint8Array> {
  const { readParquet } = await parquetWasm()
  return readParquet(bytes, { batchSize: Math.max(1, rows) }).intoIPCStream()
}

/** As `decodeStream`, of these columns alone. For a thread only: a file that makes the library fail may end the whole thread. */
export async function decodeColumns(bytes: Uint8Array, rows: number, columns: readonly string[]): Promise<Uint8Array> {
  const { ParquetFile } = await parquetWasm()
  const file = await ParquetFile.fromFile(blobOf(bytes))
  const table = await file.read({ batchSize: Math.max(1, rows), columns: [...columns] })
  file.free()
  return table.intoIPCStream()
}

/** What the library reads of a blob, over bytes that are copied only where it reads them; a real one copies them all, and takes no shared memory. */
function blobOf(bytes: Uint8Array): Blob {
  const blob = {
    size: bytes.length,
    slice: (from: number, to: number) => ({ arrayBuffer: async () => bytes.slice(from, to).buffer })
  }
  // The library calls nothing else of it.
  return blob as unknown as Blob
}
