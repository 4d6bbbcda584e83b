import { type Column, type Group, type GroupedData, type GroupRequest, groupKey, openDataCache } from '@rxtuna/data-cache'
import {
  Bool,
  DateDay,
  DateMillisecond,
  Decimal,
  Dictionary,
  Float16,
  Float32,
  Float64,
  Int8,
  Int32,
  Int64,
  LargeUtf8,
  type Table,
  Table as Tables,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint16,
  Uint64,
  Utf8,
  type Vector,
  vectorFromArray
} from 'apache-arrow'
import { expect } from 'chai'
import fc from 'fast-check'
import { rejection } from './rejection.ts'
import { bars, batches, universe } from './tables.ts'

const numbers = (column: Column | undefined): number[] => Array.from(column as Iterable<number> & Column)
const request = (change: Partial<GroupRequest> = {}): GroupRequest => ({
  dataset: 'bars',
  version: '1',
  groupBy: 'symbol',
  columns: ['close'],
  ...change
})

const memoryOf = (group: Group | undefined): unknown => (group?.columns.close as Float64Array | undefined)?.buffer

async function group(table: Table, change: Partial<GroupRequest> = {}): Promise<GroupedData> {
  await using cache = openDataCache()
  return await cache.grouped(request(change), async () => table)
}
const closes = (data: GroupedData): unknown => Array.from(data.groups.values(), ({ key, columns }) => [key, numbers(columns.close)])

const symbols = (texts: string[], type: Utf8 | LargeUtf8 | Dictionary = new Utf8()): Vector => vectorFromArray(texts, type)
const floats = (count: number): Vector =>
  vectorFromArray(
    Array.from({ length: count }, (_, i) => i),
    new Float64()
  )
/** A table of one symbol with one column `x`. */
const column = (x: Vector): Table => new Tables({ symbol: symbols(Array.from({ length: x.length }, () => 'A')), x })
const values = async (x: Vector): Promise<number[]> => numbers((await group(column(x), { columns: ['x'] })).groups.get('A')?.columns.x)
const refusal = async (table: Table, change: Partial<GroupRequest>): Promise<unknown> => {
  const error = (await rejection(group(table, change))) as { readonly code: string; readonly message: string }
  expect(error.message).to.match(/^Expected .+, got /)
  return error.code
}

describe('grouping', () => {
  it('puts groups in the order in which their keys first appear, and keeps the order of rows', async () => {
    const data = await group(bars(['B', 'A', 'B', 'C', 'A'], [1, 2, 3, 4, 5]))
    expect(closes(data)).to.deep.equal([
      ['B', [1, 3]],
      ['A', [2, 5]],
      ['C', [4]]
    ])
    expect(data.version).to.equal('1')
    expect(data.groups.get('B')?.length).to.equal(2)
  })

  it('is the same for plain text, large text and dictionaries, also with a dictionary per batch', async () => {
    const texts = ['B', 'Ä€', 'B', '', 'Ä€', 'BB']
    const expected = [
      ['B', [0, 2]],
      ['Ä€', [1, 4]],
      ['', [3]],
      ['BB', [5]]
    ]
    for (const type of [new Utf8(), new LargeUtf8(), new Dictionary(new Utf8(), new Int8())])
      expect(closes(await group(new Tables({ symbol: symbols(texts, type), close: floats(6) })))).to.deep.equal(expected)
    const parts = batches(bars(['B', 'A'], [1, 2]), bars(['A', 'C', 'B'], [3, 4, 5]))
    expect(closes(await group(parts))).to.deep.equal([
      ['B', [1, 5]],
      ['A', [2, 3]],
      ['C', [4]]
    ])
  })

  it('keeps texts apart whose hashes are the same, and one with a byte order mark from one without', async () => {
    const texts = ['costarring', 'liquid', 'costarring', 'A', '\uFEFFA', 'liquid']
    expect([...(await group(new Tables({ symbol: symbols(texts), close: floats(6) }))).groups]).to.have.length(4)
    expect(closes(await group(new Tables({ symbol: symbols(texts), close: floats(6) })))).to.deep.include(['liquid', [1, 5]])
  })

  it('gives the same groups for rows that come symbol by symbol and plain, as for a dictionary', async () => {
    const columns = ['open', 'volume']
    const arrays = (data: GroupedData) => Array.from(data.groups.values(), ({ key, columns }) => [key, columns])
    for (const order of ['by symbol', 'by day'] as const) {
      const plain = await group(universe(40, 50, order, 'plain'), { columns })
      expect(plain.groups.size).to.equal(40)
      expect(arrays(plain)).to.deep.equal(arrays(await group(universe(40, 50, order, 'dictionary'), { columns })))
    }
  })

  it('gives each row of any table to its group, and none to another', async () => {
    const row = fc.record({ symbol: fc.constantFrom('A', 'B', 'AB', '', 'ß', '\0'), close: fc.double() })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 60 }), fc.boolean(), async (rows, plain) => {
        const expected = new Map<string, number[]>()
        for (const { symbol, close } of rows) expected.set(symbol, [...(expected.get(symbol) ?? []), close])
        const type = plain ? new Utf8() : new Dictionary(new Utf8(), new Int32())
        const table = new Tables({
          symbol: symbols(
            rows.map(({ symbol }) => symbol),
            type
          ),
          close: vectorFromArray(
            rows.map(({ close }) => close),
            new Float64()
          )
        })
        expect(closes(await group(table))).to.deep.equal([...expected])
      })
    )
  })

  it('groups a slice of a table by the rows that it shows', async () => {
    const table = bars(['A', 'B', 'A', 'B', 'C'], [1, 2, 3, 4, 5])
    expect(closes(await group(table.slice(1, 4)))).to.deep.equal([
      ['B', [2, 4]],
      ['A', [3]]
    ])
    const bools = column(vectorFromArray([true, false, false, true, true, true, true, true, false, true, false, true], new Bool())).slice(
      7,
      11
    )
    expect(numbers((await group(bools, { columns: ['x'] })).groups.get('A')?.columns.x)).to.deep.equal([1, 0, 1, 0])
  })

  it('groups by several columns without confusing their texts', async () => {
    const table = new Tables({
      a: symbols(['x,y', 'x', 'x', 'x,y']),
      b: symbols(['z', 'y,z', 'y', 'z']),
      c: symbols(['1', '1', '2', '1']),
      close: floats(4)
    })
    const data = await group(table, { groupBy: ['a', 'b', 'c'] })
    expect(closes(data)).to.deep.equal([
      [groupKey('x,y', 'z', '1'), [0, 3]],
      [groupKey('x', 'y,z', '1'), [1]],
      [groupKey('x', 'y', '2'), [2]]
    ])
    expect([...(await group(table, { groupBy: ['a'] })).groups.keys()]).to.deep.equal(['x,y', 'x'])
  })

  it('stores floats and integers in their width, wide integers as doubles, booleans as 0 and 1', async () => {
    const table = new Tables({
      symbol: symbols(['A', 'A']),
      f64: vectorFromArray([0.1, Number.NaN], new Float64()),
      f32: vectorFromArray([0.5, -0.25], new Float32()),
      f16: vectorFromArray([0.5, -2], new Float16()),
      i8: vectorFromArray([-128, 127], new Int8()),
      u16: vectorFromArray([0, 65_535], new Uint16()),
      i64: vectorFromArray([-(2n ** 53n) + 1n, 2n ** 53n - 1n], new Int64()),
      u64: vectorFromArray([0n, 2n ** 53n - 1n], new Uint64()),
      bool: vectorFromArray([true, false], new Bool())
    })
    const columns = ['f64', 'f32', 'f16', 'i8', 'u16', 'i64', 'u64', 'bool']
    const data = await group(table, { columns: columns.toReversed() })
    const group_ = data.groups.get('A')
    expect(Object.keys(group_?.columns ?? {})).to.deep.equal(columns.toReversed())
    expect(columns.map(name => group_?.columns[name])).to.deep.equal([
      Float64Array.of(0.1, Number.NaN),
      Float32Array.of(0.5, -0.25),
      Float32Array.of(0.5, -2),
      Int8Array.of(-128, 127),
      Uint16Array.of(0, 65_535),
      Float64Array.of(-(2 ** 53) + 1, 2 ** 53 - 1),
      Float64Array.of(0, 2 ** 53 - 1),
      Uint8Array.of(1, 0)
    ])
  })

  it('gives dates and timestamps of every unit in milliseconds since 1970', async () => {
    const at = [Date.UTC(1969, 11, 31), Date.UTC(2013, 2, 1), Date.UTC(2100, 0, 1), 7000, 9000, Date.UTC(2013, 2, 1, 14, 31, 7)]
    const dates = at.map(ms => new Date(ms))
    expect(await values(vectorFromArray(dates.slice(0, 3), new DateDay()))).to.deep.equal(at.slice(0, 3))
    expect(await values(vectorFromArray(dates, new DateMillisecond()))).to.deep.equal(at)
    for (const type of [new TimestampSecond(), new TimestampMillisecond(), new TimestampMicrosecond(), new TimestampNanosecond()])
      expect(await values(vectorFromArray(at, type)), `${type}`).to.deep.equal(at)
  })

  it('keeps microseconds apart, and refuses what is finer by name', async () => {
    const vector = vectorFromArray([0, 0], new TimestampNanosecond())
    const raw = vector.data[0]?.values as BigInt64Array
    raw.set([1_362_096_000_000_001_000n, -1_000n])
    expect(await values(vector)).to.deep.equal([1_362_096_000_000.001, -0.001])
    const micro = vectorFromArray([0, 0, 0], new TimestampMicrosecond())
    micro.data[0]?.values.set([9n, 26n, 36n])
    expect(await values(micro)).to.deep.equal([0.009, 0.026, 0.036])
    raw[1] = 1_362_096_000_000_001_001n
    expect(await refusal(column(vector), { columns: ['x'] })).to.equal('TIME_TOO_FINE')
  })

  it('refuses nulls, integers beyond 2^53, other types and missing columns, naming the column', async () => {
    const wide = column(vectorFromArray([2n ** 53n, 1n], new Int64()))
    expect(await refusal(wide, { columns: ['x'] })).to.equal('INTEGER_TOO_LARGE')
    expect(((await rejection(group(wide, { columns: ['x'] }))) as Error).message)
      .to.include('"x"')
      .and.include('9007199254740992')
    expect(await refusal(column(vectorFromArray([-(2n ** 53n)], new Int64())), { columns: ['x'] })).to.equal('INTEGER_TOO_LARGE')
    expect(await refusal(column(vectorFromArray([2n ** 64n - 1n], new Uint64())), { columns: ['x'] })).to.equal('INTEGER_TOO_LARGE')
    expect(await refusal(column(vectorFromArray([1, null], new Float64())), { columns: ['x'] })).to.equal('COLUMN_NULLS')
    expect(await refusal(column(vectorFromArray(['a'], new Utf8())), { columns: ['x'] })).to.equal('COLUMN_TYPE')
    expect(await refusal(column(vectorFromArray([new Uint32Array(4)], new Decimal(2, 10)) as Vector), { columns: ['x'] })).to.equal(
      'COLUMN_TYPE'
    )
    expect(await refusal(column(floats(2)), { columns: ['y'] })).to.equal('COLUMN_MISSING')
    expect(await refusal(column(floats(2)), { columns: ['x'], groupBy: 'x' })).to.equal('KEY_TYPE')
    const unnamed = new Tables({ symbol: vectorFromArray(['A', null], new Utf8()), close: floats(2) })
    expect(await refusal(unnamed, {})).to.equal('COLUMN_NULLS')
    const unnamedCode = new Tables({ symbol: vectorFromArray(['A', null], new Dictionary(new Utf8(), new Int32())), close: floats(2) })
    expect(await refusal(unnamedCode, {})).to.equal('COLUMN_NULLS')
    expect(await refusal({} as Table, {})).to.equal('TABLE_SHAPE')
  })

  it('groups a table without rows into no groups', async () => {
    const data = await group(bars([], []))
    expect([data.groups.size, data.byteLength]).to.deep.equal([0, 0])
  })
})

describe('a window', () => {
  const table = bars(['A', 'B', 'A', 'A', 'B', 'A'], [10, 20, 11, 12, 21, 13])

  it('keeps the rows from `from` up to but without `to`, and only groups that have some', async () => {
    expect(closes(await group(table, { window: { column: 'date', from: 1, to: 3 } }))).to.deep.equal([
      ['A', [11, 12]],
      ['B', [21]]
    ])
    expect(closes(await group(table, { window: { column: 'date', from: 2 } }))).to.deep.equal([['A', [12, 13]]])
    expect(closes(await group(table, { window: { column: 'date', to: 1 } }))).to.deep.equal([
      ['A', [10]],
      ['B', [20]]
    ])
  })

  it('is cut from a group as a view on the same memory, again and again', async () => {
    const data = await group(table, { window: { column: 'date' } })
    const whole = data.groups.get('A')
    const part = whole?.between(1, 4)
    expect([part?.key, part?.length, numbers(part?.columns.close)]).to.deep.equal(['A', 3, [11, 12, 13]])
    expect(numbers(part?.between(0, 3).columns.close)).to.deep.equal([11, 12])
    expect(memoryOf(part)).to.equal(memoryOf(whole))
    expect(whole?.between(7, 9).length).to.equal(0)
    expect(whole?.between(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).length).to.equal(4)
    expect(Object.keys(part?.columns ?? {})).to.deep.equal(['close'])
  })

  it('shares no row with the next one', async () => {
    const whole = (await group(table, { window: { column: 'date' } })).groups.get('A')
    const folds = [0, 1, 2, 3].map(day => numbers(whole?.between(day, day + 1).columns.close))
    expect(folds.flat()).to.deep.equal([10, 11, 12, 13])
  })

  it('is refused with a sentence without a column to cut by, in a group that is not ascending, and with bounds that are none', async () => {
    const plain = (await group(table)).groups.get('A')
    expect(() => plain?.between(0, 1))
      .to.throw('window: { column }')
      .with.property('code', 'NO_ORDER')
    const unsorted = (await group(bars(['A', 'B', 'A'], [2, 1, 1]), { columns: ['date'], window: { column: 'close' } })).groups
    expect(() => unsorted.get('A')?.between(0, 1))
      .to.throw('"A"')
      .with.property('code', 'NOT_ASCENDING')
    expect(numbers(unsorted.get('B')?.between(1, 2).columns.date)).to.deep.equal([0])
    const holes = (await group(bars(['A', 'A'], [1, Number.NaN]), { window: { column: 'close' } })).groups.get('A')
    expect(() => holes?.between(0, 1))
      .to.throw()
      .with.property('code', 'NOT_ASCENDING')
    const cut = (await group(table, { window: { column: 'date' } })).groups.get('A')
    expect(() => cut?.between(Number.NaN, 1))
      .to.throw()
      .with.property('code', 'WINDOW_BOUND')
    expect(() => cut?.between(2, 1))
      .to.throw()
      .with.property('code', 'WINDOW_EMPTY')
  })
})
