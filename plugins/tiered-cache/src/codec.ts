import { DataType, makeData, RecordBatch, RecordBatchStreamWriter, Schema, Struct, Table, tableFromIPC } from 'apache-arrow'
import type { Compression } from './encode-plan.ts'
import { failure } from './errors.ts'
import { checkRows, decodeParquet, encodeParquet, encodePlan } from './parquet.ts'
import { parquetWasm } from './parquet-stream.ts'
import { ParquetThreads, ThreadLost } from './parquet-threads.ts'
import { sha256 } from './sha256.ts'
import { largeBytes, SharedScratch, toShared } from './shared-bytes.ts'
import { tableBytes } from './table.ts'

/** A table as a file, and the SHA-256 of the file in hexadecimal. */
export interface Encoded {
  readonly bytes: Uint8Array
  readonly checksum: string
}

/** Tables in and out of Parquet: small ones at once, large ones in threads. */
export class Codec implements AsyncDisposable {
  readonly #compression: Compression
  readonly #report: (error: Error) => void
  readonly #threads: ParquetThreads
  readonly #scratch = new SharedScratch()

  /** `report` is told of a thread that was lost: its work is done here instead, where it blocks the event loop. */
  constructor(compression: Compression, report: (error: Error) => void, threads: ParquetThreads = new ParquetThreads()) {
    this.#compression = compression
    this.#report = report
    this.#threads = threads
  }

  /** Rejects when Parquet cannot hold the table. */
  async encode(table: Table): Promise<Encoded> {
    const here = async (): Promise<Encoded> => {
      const bytes = await encodeParquet(table, { compression: this.#compression })
      return { bytes, checksum: sha256(bytes) }
    }
    if (tableBytes(table) < largeBytes) return here()
    const parts: Uint8Array[] = []
    for await (const part of RecordBatchStreamWriter.writeAll(table)) parts.push(part)
    const plan = encodePlan(table.schema, this.#compression)
    return this.#inThreads(() => this.#scratch.use(parts, ipc => this.#threads.run({ kind: 'encode', ipc, plan })), here)
  }

  /** Undefined when the bytes are not those of `checksum`, which is computed only where it is given. Rejects when they are no such table. */
  async decode(bytes: Uint8Array, rows: number, checksum?: string): Promise<Table | undefined> {
    if (bytes.length < largeBytes) {
      if (checksum !== undefined && sha256(bytes) !== checksum) return undefined
      return decodeParquet(bytes, rows)
    }
    const shared = await toShared(bytes)
    // Beside decoding rather than before it: what is decoded from changed bytes is thrown away.
    const summing = checksum === undefined ? undefined : this.hash(shared)
    const decoding = this.#inThreads(
      () => this.#decodeLarge(shared, rows),
      // Not before it is known that the bytes are sound, because these may be what the thread was lost by.
      async () => ((await summing) === checksum ? decodeParquet(shared, rows) : undefined)
    )
    const [sum, table] = await Promise.allSettled([summing, decoding])
    if (sum.status === 'rejected') throw sum.reason
    if (sum.value !== checksum) return undefined
    if (table.status === 'rejected') throw table.reason
    return table.value
  }

  /** The SHA-256 of a file, in hexadecimal. */
  async hash(bytes: Uint8Array): Promise<string> {
    if (bytes.length < largeBytes) return sha256(bytes)
    const shared = await toShared(bytes)
    return this.#inThreads(
      async () => (await this.#threads.run({ kind: 'hash', bytes: shared })).checksum,
      async () => sha256(bytes)
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#scratch[Symbol.dispose]()
    return this.#threads[Symbol.asyncDispose]()
  }

  async #inThreads<T>(work: () => Promise<T>, here: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ThreadLost)) throw error
      this.#report(failure('TIERED_THREAD', [error.message], error))
      return here()
    }
  }

  async #decodeLarge(bytes: Uint8Array, rows: number): Promise<Table> {
    const schema = await schemaOf(bytes)
    const shares = sharesOf(schema, this.#threads.size)
    if (shares.length < 2) {
      const whole = await this.#threads.run({ kind: 'decode', bytes, rows })
      return checkRows(tableFromIPC(whole.bytes), rows)
    }
    const results = await Promise.all(shares.map(columns => this.#threads.run({ kind: 'decode', bytes, rows, columns })))
    return checkRows(
      joinColumns(
        schema,
        results.map(part => tableFromIPC(part.bytes))
      ),
      rows
    )
  }
}

/** The schema at the end of a Parquet file, which is all that is read. */
async function schemaOf(bytes: Uint8Array): Promise<Schema> {
  const { readSchema } = await parquetWasm()
  const footer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8).getUint32(0, true)
  return tableFromIPC(readSchema(bytes.subarray(Math.max(0, bytes.length - 8 - footer))).intoIPCStream()).schema
}

/**
 * The columns that each thread decodes. Dictionaries go together, because each stream numbers its own; one share where columns lie in others, or where
 * a name would not find its column alone.
 */
function sharesOf({ fields }: Schema, threads: number): readonly (readonly string[])[] {
  const simple = fields.every(
    ({ type, name }) => (DataType.isDictionary(type) || (type.children ?? []).length === 0) && !name.includes('.')
  )
  if (!simple || new Set(fields.map(({ name }) => name)).size < fields.length) return []
  const names = fields.filter(({ type }) => !DataType.isDictionary(type)).map(({ name }) => name)
  const dictionaries = fields.filter(({ type }) => DataType.isDictionary(type)).map(({ name }) => name)
  const shares = Array.from({ length: Math.min(threads, fields.length) }, (_, i): string[] => (i === 0 ? dictionaries : []))
  for (const name of names) shares.toSorted((a, b) => a.length - b.length)[0]?.push(name)
  return shares.filter(share => share.length > 0)
}

/** One table of one batch from tables that hold its columns. */
function joinColumns({ fields, metadata }: Schema, parts: readonly Table[]): Table {
  const found = fields.map(({ name }) => {
    const part = parts.find(({ schema }) => schema.fields.some(field => field.name === name))
    const index = part?.schema.fields.findIndex(field => field.name === name) ?? -1
    const field = part?.schema.fields[index]
    const data = part?.batches[0]?.data.children[index]
    if (!part || !field || !data || part.batches.length !== 1) throw new RangeError(`expected one part with the column ${name}`)
    return { field, data }
  })
  const schema = new Schema(
    found.map(({ field }) => field),
    metadata
  )
  const [first] = found
  const children = found.map(({ data }) => data)
  const data = makeData({ type: new Struct(schema.fields), length: first?.data.length ?? 0, nullCount: 0, children })
  return new Table(schema, [new RecordBatch(schema, data)])
}
