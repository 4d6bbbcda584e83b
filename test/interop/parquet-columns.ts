import {
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
  LargeUtf8,
  RecordBatch,
  Schema,
  Table,
  Timestamp,
  TimeUnit,
  Uint32,
  Uint64,
  Utf8,
  type Vector
} from 'apache-arrow'
import { type Spelled, spell, spelledVector, type Value, vectorOf } from './spelling.ts'

export const tools = ['pyarrow', 'polars', 'DuckDB'] as const
export type Tool = (typeof tools)[number]

/** A column in one tool. */
export interface Counterpart {
  /** What the tool calls the type of the column that we wrote. */
  readonly reads: string
  /** The type that the tool writes. Default: what it reads. */
  readonly writes?: string
  /** How many of the tool's units are one of ours. Default: 1. */
  readonly units?: bigint
  /** The type that we read from the tool's file. Default: our own. */
  readonly back?: DataType
}

export interface Column extends Readonly<Record<Tool, Counterpart>> {
  readonly type: DataType
  readonly values: readonly Value[]
}

/** A column as a tool prints it and as it is compared. */
export interface Shown {
  readonly type: string
  readonly values: readonly Spelled[]
}

export const metadata = { source: 'wörld', note: '' }
export const fieldMetadata = { unit: '€' }

const names = (pyarrow: string, polars: string, duckdb: string): Readonly<Record<Tool, Counterpart>> => ({
  pyarrow: { reads: pyarrow },
  polars: { reads: polars },
  DuckDB: { reads: duckdb }
})
const largeStrings = { reads: 'String', back: new LargeUtf8() }
const texts = ['Ünïcode 日本', '😀👩‍👩‍👧', '', null, 'zero \0 within', '"quoted"\\\n', 'e\u0301 is not é']
const floats = [0.1, Number.NaN, null, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -2 / 3]

export const columns: Readonly<Record<string, Column>> = {
  '8-bit integers': { type: new Int8(), values: [1n, -128n, 127n, null], ...names('int8', 'Int8', 'TINYINT') },
  '32-bit integers': { type: new Int32(), values: [2n ** 31n - 1n, -(2n ** 31n), 0n, null], ...names('int32', 'Int32', 'INTEGER') },
  '64-bit integers': {
    type: new Int64(),
    values: [2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n), null],
    ...names('int64', 'Int64', 'BIGINT')
  },
  'integers without a null': { type: new Int64(), values: [3n, 1n, 2n], ...names('int64', 'Int64', 'BIGINT') },
  'unsigned 64-bit integers': {
    type: new Uint64(),
    values: [2n ** 64n - 1n, 2n ** 53n + 1n, 0n, null],
    ...names('uint64', 'UInt64', 'UBIGINT')
  },
  'floats, with NaN and null apart': {
    type: new Float64(),
    values: [...floats, Number.MIN_VALUE, Number.MAX_VALUE],
    ...names('double', 'Float64', 'DOUBLE')
  },
  'single floats, with NaN and null apart': {
    type: new Float32(),
    values: floats.map(value => (value === null ? null : Math.fround(value))),
    ...names('float', 'Float32', 'FLOAT')
  },
  strings: { type: new Utf8(), values: texts, ...names('string', 'String', 'VARCHAR'), polars: largeStrings },
  'large strings': {
    type: new LargeUtf8(),
    values: texts,
    ...names('large_string', 'String', 'VARCHAR'),
    DuckDB: { reads: 'VARCHAR', back: new Utf8() }
  },
  categories: {
    type: new Dictionary(new Utf8(), new Int32()),
    values: ['MSFT', 'AAPL', null, 'MSFT', '', '😀'],
    pyarrow: { reads: 'dictionary<values=string, indices=int32, ordered=0>' },
    polars: { reads: 'Categorical', back: new Dictionary(new LargeUtf8(), new Uint32()) },
    DuckDB: { reads: 'VARCHAR', writes: "ENUM('😀', '', 'AAPL', 'MSFT')", back: new Utf8() }
  },
  booleans: { type: new Bool(), values: [true, null, false], ...names('bool', 'Boolean', 'BOOLEAN') },
  dates: { type: new DateDay(), values: [0n, 19_722n, -1n, null, -719_162n], ...names('date32[day]', 'Date', 'DATE') },
  'milliseconds in UTC': instants('ms', 'UTC'),
  'microseconds in UTC': instants('us', 'UTC'),
  'nanoseconds in UTC': instants('ns', 'UTC'),
  'milliseconds in Berlin': instants('ms', 'Europe/Berlin'),
  'microseconds in Berlin': instants('us', 'Europe/Berlin'),
  'nanoseconds in Berlin': instants('ns', 'Europe/Berlin'),
  'milliseconds without a zone': instants('ms'),
  'microseconds without a zone': instants('us'),
  'nanoseconds without a zone': instants('ns')
}

/** All columns side by side, the short ones repeated to the length of the longest. */
export function tableOfColumns(rows: number): Table {
  const list = Object.entries(columns)
  const vectors = list.map(([, { type, values }]) => vectorOf(type, repeated(values, rows)))
  const fields = list.map(
    ([name, { type }], i) => new Field(name, type, true, i === 0 ? new Map(Object.entries(fieldMetadata)) : undefined)
  )
  const schema = new Schema(fields, new Map(Object.entries(metadata)))
  const data = new Table(Object.fromEntries(list.map(([name], i) => [name, vectors[i] as Vector]))).batches.map(batch => batch.data)
  return new Table(
    schema,
    data.map(each => new RecordBatch(schema, each as never))
  )
}

export const fullRows = Math.max(...Object.values(columns).map(({ values }) => values.length))

/** The values of so many rows, in the units of a tool or in ours. */
export function spelledColumn({ values }: Column, rows: number, units = 1n): readonly Spelled[] {
  return repeated(values, rows).map(value => spell(typeof value === 'bigint' ? value * units : value))
}

/** Columns of a table as a tool prints its own. */
export function shownTable(table: Table): Readonly<Record<string, Shown>> {
  return Object.fromEntries(
    table.schema.fields.map(({ name, type }, i) => [name, { type: String(type), values: spelledVector(table.getChildAt(i) as Vector) }])
  )
}

function repeated(values: readonly Value[], rows: number): readonly Value[] {
  return Array.from({ length: rows }, (_, i) => values[i % values.length] as Value)
}

function instants(unit: 'ms' | 'us' | 'ns', zone?: string): Column {
  const code = { ms: TimeUnit.MILLISECOND, us: TimeUnit.MICROSECOND, ns: TimeUnit.NANOSECOND }[unit]
  const perSecond = { ms: 10n ** 3n, us: 10n ** 6n, ns: 10n ** 9n }[unit]
  return {
    type: new Timestamp(code, zone),
    // The third and the fourth are both half past two in Berlin.
    values: [0n, -1n, 1_698_539_400n * perSecond, 1_698_543_000n * perSecond, null, 4_102_444_800n * perSecond - 1n],
    pyarrow: { reads: `timestamp[${unit}${zone === undefined ? '' : `, tz=${zone}`}]` },
    polars: { reads: `Datetime(time_unit='${unit}', time_zone=${zone === undefined ? 'None' : `'${zone}'`})` },
    DuckDB: inDuckDb(unit, code, zone)
  }
}

/** DuckDB has zoned instants in microseconds and nanoseconds, and only in UTC. */
function inDuckDb(unit: 'ms' | 'us' | 'ns', code: TimeUnit, zone?: string): Counterpart {
  const units = unit === 'ms' ? 1000n : 1n
  if (zone === undefined)
    return unit === 'ns' ? { reads: 'TIMESTAMP_NS' } : { reads: 'TIMESTAMP', ...(unit === 'ms' && { writes: 'TIMESTAMP_MS', units }) }
  if (unit === 'ns') return { reads: 'TIMESTAMPTZ_NS', back: new Timestamp(code, 'UTC') }
  return { reads: 'TIMESTAMP WITH TIME ZONE', units, back: new Timestamp(TimeUnit.MICROSECOND, 'UTC') }
}
