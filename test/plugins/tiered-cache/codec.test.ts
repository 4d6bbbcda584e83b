import {
  Bool,
  Dictionary,
  Field,
  Float64,
  Int32,
  List,
  RecordBatch,
  Schema,
  Table,
  TimestampMillisecond,
  tableFromArrays,
  Utf8,
  type Vector,
  vectorFromArray
} from 'apache-arrow'
import { expect } from 'chai'
import { Codec } from '../../../plugins/tiered-cache/src/codec.ts'
import { encodeParquet } from '../../../plugins/tiered-cache/src/parquet.ts'
import { ParquetThreads } from '../../../plugins/tiered-cache/src/parquet-threads.ts'
import { sha256 } from '../../../plugins/tiered-cache/src/sha256.ts'
import { largeBytes, toShared } from '../../../plugins/tiered-cache/src/shared-bytes.ts'
import { tableBytes } from '../../../plugins/tiered-cache/src/table.ts'
import { rejection } from './workspace.ts'

const rows = 300_000
const unexpected = (error: Error): never => expect.fail(error.message)
const numbers = (factor: number): Float64Array => Float64Array.from({ length: rows }, (_, i) => Math.sin(i * factor))
const names = Array.from({ length: rows }, (_, i) => (i % 7 === 0 ? null : `S${i % 13}`))

/** A table that is large in memory and as a file, of every kind of column that is decoded apart from the others. */
function mixed(): Table {
  const columns: Record<string, Vector> = {
    close: vectorFromArray(numbers(1)),
    symbol: vectorFromArray(names, new Dictionary(new Utf8(), new Int32())),
    volume: vectorFromArray(BigInt64Array.from({ length: rows }, (_, i) => BigInt(i) * 30_000_000_001n)),
    note: vectorFromArray(
      names.map(name => name && `${name}…`),
      new Utf8()
    ),
    holed: vectorFromArray(
      Array.from(numbers(2), (value, i) => (i % 5 === 0 ? null : value)),
      new Float64()
    ),
    isOpen: vectorFromArray(
      Array.from({ length: rows }, (_, i) => i % 3 === 0),
      new Bool()
    ),
    venue: vectorFromArray(names, new Dictionary(new Utf8(), new Int32())),
    time: vectorFromArray(
      Array.from({ length: rows }, (_, i) => 1_700_000_000_000 + i),
      new TimestampMillisecond('Europe/Berlin')
    )
  }
  return withMetadata(new Table(columns))
}

function withMetadata(table: Table): Table {
  const fields = table.schema.fields.map(({ name, type, nullable }) => new Field(name, type, nullable, new Map([['unit', name]])))
  const schema = new Schema(fields, new Map([['source', 'wörld']]))
  return new Table(
    schema,
    table.batches.map(batch => new RecordBatch(schema, batch.data as never))
  )
}

/** Types, metadata and every value, so that a difference is told in one line. */
function differences(a: Table, b: Table): string[] {
  const different: string[] = []
  const told = ({ schema }: Table) =>
    JSON.stringify([schema.fields.map(f => [f.name, `${f.type}`, f.nullable, [...f.metadata]]), [...schema.metadata]])
  if (told(a) !== told(b)) different.push(`${told(a)} ${told(b)}`)
  for (const { name } of a.schema.fields) {
    const [x, y] = [a.getChild(name), b.getChild(name)]
    for (let i = 0; i < rows; i++) {
      const [one, other] = [x?.get(i), y?.get(i)]
      if (one === other) continue
      different.push(`${name} ${i}: ${one} ${other}`)
      break
    }
  }
  return different
}

/** The SHA-256 of a column's numbers. */
function bits(column: Vector | null | undefined): string {
  const { buffer, byteOffset, byteLength } = column?.toArray() ?? new Float64Array()
  return sha256(new Uint8Array(buffer, byteOffset, byteLength))
}

describe('large tables, in threads,', () => {
  it('come back as they were, columns of every kind and their metadata', async () => {
    await using codec = new Codec('snappy', unexpected)
    const table = mixed()
    const { bytes, checksum } = await codec.encode(table)
    expect(bytes.length).to.be.greaterThan(largeBytes)
    expect(checksum).to.equal(sha256(bytes))
    const back = await codec.decode(bytes, rows, checksum)
    expect(differences(table, back ?? new Table())).to.deep.equal([])
    expect(back?.batches).to.have.length(1)
    // What was decoded in parts is a table like another: it can be encoded again.
    const again = await codec.encode(back ?? new Table())
    expect(differences(table, (await codec.decode(again.bytes, rows)) ?? new Table())).to.deep.equal([])
  })

  it('come back as they were when a column holds others, and when a name has a dot', async () => {
    await using codec = new Codec('zstd', unexpected)
    const lists = vectorFromArray(
      Array.from({ length: rows }, (_, i) => [i, i / 3]),
      new List(new Field('item', new Float64(), true))
    )
    const tables: readonly Table[] = [
      new Table({ lists, close: vectorFromArray(numbers(1)) }),
      tableFromArrays({ 'a.b': numbers(1), c: numbers(3) })
    ]
    for (const table of tables) {
      const { bytes, checksum } = await codec.encode(table)
      expect(bytes.length).to.be.greaterThan(largeBytes)
      const back = await codec.decode(bytes, rows, checksum)
      expect([...(back?.getChildAt(0)?.slice(0, 9) ?? [])].map(String)).to.deep.equal(
        [...(table.getChildAt(0)?.slice(0, 9) ?? [])].map(String)
      )
      expect(back?.schema.fields.map(String)).to.deep.equal(table.schema.fields.map(String))
      expect(bits(back?.getChildAt(1))).to.equal(bits(table.getChildAt(1)))
    }
  })

  it('come from shared memory and from several batches, too', async () => {
    await using codec = new Codec('snappy', unexpected)
    const shared = new Float64Array(new SharedArrayBuffer(rows * 8))
    shared.set(numbers(1))
    const first = new Table({ x: vectorFromArray(new Int32Array(rows)), close: vectorFromArray(shared) })
    const both = first.concat(first)
    const { bytes, checksum } = await codec.encode(both)
    const back = await codec.decode(bytes, 2 * rows, checksum)
    expect(bits(back?.getChild('close')?.slice(rows))).to.equal(bits(vectorFromArray(numbers(1))))
  })

  it('are refused when they were changed, and when they are no such table', async () => {
    await using codec = new Codec('snappy', unexpected)
    const { bytes, checksum } = await codec.encode(tableFromArrays({ a: numbers(1), b: numbers(2) }))
    const changed = bytes.slice()
    changed.fill(0, 1_000, 2_000)
    expect(await codec.decode(changed, rows, checksum)).to.equal(undefined)
    const cut = bytes.slice(0, -9)
    expect(await codec.decode(cut, rows, checksum)).to.equal(undefined)
    await rejection(codec.decode(cut, rows))
    expect((await rejection(codec.decode(bytes, rows + 1))).message).to.equal(`expected ${rows + 1} rows, got ${rows}`)
    // Threads that failed were replaced.
    expect((await codec.decode(bytes, rows, checksum))?.numRows).to.equal(rows)
  })

  it('are worked on where they are when threads cannot be had, which is told', async () => {
    const told: string[] = []
    const threads = new ParquetThreads(new URL('./no-such-program.ts', import.meta.url))
    await using codec = new Codec('snappy', error => told.push(error.message), threads)
    const table = tableFromArrays({ a: numbers(1), b: numbers(2) })
    const { bytes, checksum } = await codec.encode(table)
    const back = await codec.decode(bytes, rows, checksum)
    expect(bits(back?.getChild('b'))).to.equal(bits(table.getChild('b')))
    expect(told).to.have.length(3)
    expect(told[0]).to.match(/^Expected a thread that encodes and decodes large tables, got: .*no-such-program/)
  })

  it('are encoded as small ones are', async () => {
    await using codec = new Codec('snappy', unexpected)
    const table = new Table({ n: vectorFromArray(BigInt64Array.from({ length: rows }, (_, i) => BigInt(i))) })
    expect(tableBytes(table)).to.be.greaterThan(largeBytes)
    expect(Buffer.compare((await codec.encode(table)).bytes, await encodeParquet(table))).to.equal(0)
  })
})

describe('the threads of Parquet', () => {
  const hashOf = (bytes: Uint8Array) => ({ kind: 'hash', bytes }) as const

  it('do as many tasks as there are, some at a time', async () => {
    await using threads = new ParquetThreads()
    const parts = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8, 9].map(i => toShared(Uint8Array.of(i, i, i))))
    const sums = await Promise.all(parts.map(bytes => threads.run(hashOf(bytes))))
    expect(sums.map(({ checksum }) => checksum)).to.deep.equal(parts.map(sha256))
  })

  it('reject what they cannot do, and go on with the rest', async () => {
    await using threads = new ParquetThreads()
    const bytes = await toShared(new Uint8Array(100))
    const tasks = Array.from({ length: 8 }, (_, i) => threads.run(i % 2 === 0 ? { kind: 'decode', bytes, rows: 1 } : hashOf(bytes)))
    expect((await Promise.allSettled(tasks)).map(({ status }) => status)).to.deep.equal(
      Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? 'rejected' : 'fulfilled'))
    )
  })

  it('reject everything when their program cannot be run, and when they are closed', async () => {
    const threads = new ParquetThreads(new URL('./no-such-program.ts', import.meta.url))
    const bytes = await toShared(new Uint8Array(1))
    const tasks = await Promise.allSettled(Array.from({ length: 9 }, () => threads.run(hashOf(bytes))))
    expect(new Set(tasks.map(({ status }) => status))).to.deep.equal(new Set(['rejected']))
    const closing = new ParquetThreads()
    const waiting = Promise.allSettled(Array.from({ length: 9 }, () => closing.run(hashOf(bytes))))
    await closing[Symbol.asyncDispose]()
    expect((await waiting).every(({ status }) => status === 'rejected')).to.equal(true)
  })
})
