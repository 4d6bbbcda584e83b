import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  List,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray
} from 'apache-arrow'
import { expect } from 'chai'
import { decodeParquet, encodeParquet } from '../../../plugins/tiered-cache/src/parquet.ts'

const roundTrip = async (table: Table): Promise<Table> => decodeParquet(await encodeParquet(table), table.numRows)
const types = (table: Table): readonly string[] => table.schema.fields.map(({ name, type }) => `${name}: ${type}`)
// BigInt has no JSON form, and NaN none of its own.
const values = (vector: Vector | null): readonly string[] => [...(vector ?? [])].map(value => (value === null ? 'null' : showValue(value)))
const showValue = (value: unknown): string =>
  typeof value === 'object'
    ? JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
    : `${typeof value} ${value}`

const columns: Readonly<Record<string, readonly [DataType, readonly unknown[]]>> = {
  'small integers': [new Int8(), [1, -128, null]],
  'integers beyond 2^53': [new Int64(), [9007199254740993n, -9007199254740993n, null]],
  'unsigned integers up to 2^64 - 1': [new Uint64(), [18446744073709551615n, 0n, 1n]],
  'floats, with NaN and null apart': [new Float64(), [Number.NaN, null, 0.1]],
  'single floats': [new Float32(), [1.5, Number.NaN, null]],
  'strings in any script': [new Utf8(), ['Ünïcode 日本 😀', '', null]],
  dictionaries: [new Dictionary(new Utf8(), new Int32()), ['AAPL', 'MSFT', 'AAPL']],
  booleans: [new Bool(), [true, null, false]],
  'timestamps with a zone': [new TimestampMicrosecond('Europe/Berlin'), [1_700_000_000_000, null, -1]],
  'timestamps in UTC': [new TimestampMillisecond('UTC'), [0, 1, 2]],
  'timestamps without a zone': [new TimestampNanosecond(), [0, 1_700_000_000_000, null]],
  dates: [new DateDay(), [new Date(0), new Date('2023-12-31'), null]],
  bytes: [new Binary(), [new Uint8Array([0, 255]), new Uint8Array(), null]],
  lists: [new List(new Field('item', new Float64(), true)), [[1, 2], [], null]],
  structs: [new Struct([new Field('a', new Int32(), true)]), [{ a: 1 }, { a: null }, null]]
}

describe('Parquet', () => {
  for (const [name, [type, list]] of Object.entries(columns)) {
    it(`keeps ${name}`, async () => {
      const table = new Table({ column: vectorFromArray(list as unknown[], type) })
      const back = await roundTrip(table)
      expect(types(back)).to.deep.equal(types(table))
      expect(values(back.getChild('column'))).to.deep.equal(values(table.getChild('column')))
      expect(back.getChild('column')?.nullCount).to.equal(table.getChild('column')?.nullCount)
    })
  }

  it('keeps the sign of zero', async () => {
    const back = await roundTrip(new Table({ column: vectorFromArray([-0, 0], new Float64()) }))
    expect([...(back.getChild('column') ?? [])].map(value => Object.is(value, -0))).to.deep.equal([true, false])
  })

  it('keeps an empty table with its types, with one batch or none', async () => {
    const table = new Table({ x: vectorFromArray([], new Float64()), s: vectorFromArray([], new Utf8()) })
    for (const empty of [table, new Table(table.schema)]) {
      const back = await roundTrip(empty)
      expect(back.numRows).to.equal(0)
      expect(types(back)).to.deep.equal(types(table))
    }
  })

  it("keeps the metadata of the schema and of each field, and a field's nullability", async () => {
    const field = new Field('x', new Float64(), false, new Map([['unit', '€']]))
    const schema = new Schema([field], new Map([['source', 'wörld']]))
    const [batch] = new Table({ x: vectorFromArray([1, 2], new Float64()) }).batches
    if (!batch) expect.fail('a table of rows has a batch')
    const back = await roundTrip(new Table(schema, [new RecordBatch(schema, batch.data as never)]))
    expect([...back.schema.metadata]).to.deep.equal([['source', 'wörld']])
    expect([...(back.schema.fields[0]?.metadata ?? [])]).to.deep.equal([['unit', '€']])
    expect(back.schema.fields[0]?.nullable).to.equal(false)
  })

  it('reads several batches, each with a dictionary of its own, as one', async () => {
    const type = new Dictionary(new Utf8(), new Int32())
    const part = (names: string[]): Table => new Table({ s: vectorFromArray(names, type) })
    const table = part(['a', 'b', 'a']).concat(part(['x', 'y', 'z', 'x']))
    const back = await roundTrip(table)
    expect([...(back.getChild('s') ?? [])]).to.deep.equal(['a', 'b', 'a', 'x', 'y', 'z', 'x'])
    expect(back.batches).to.have.length(1)
  })

  it('reads a column of many rows as one array', async () => {
    const numbers = Float64Array.from({ length: 100_000 }, (_, i) => i / 3)
    const back = await roundTrip(new Table({ x: vectorFromArray(numbers) }))
    expect(back.getChild('x')?.data).to.have.length(1)
    expect(back.getChild('x')?.toArray()).to.deep.equal(numbers)
  })

  it('rejects what is not a Parquet file, and one of another length', async () => {
    const bytes = await encodeParquet(new Table({ x: vectorFromArray([1, 2], new Float64()) }))
    for (const wrong of [new Uint8Array(), new Uint8Array(100), bytes.subarray(0, bytes.length - 1)]) {
      expect(
        await decodeParquet(wrong, 2).then(
          () => 'read',
          () => 'rejected'
        )
      ).to.equal('rejected')
    }
    expect(
      await decodeParquet(bytes, 3).then(
        () => 'read',
        () => 'rejected'
      )
    ).to.equal('rejected')
  })
})
