import {
  Dictionary,
  Float64,
  Int32,
  makeData,
  makeVector,
  RecordBatch,
  type Schema,
  Struct,
  Table,
  Utf8,
  Vector,
  vectorFromArray
} from 'apache-arrow'

/** Bars of some symbols in this order of rows; `date` counts up within each symbol. */
export function bars(symbols: readonly string[], close: readonly number[]): Table {
  const seen = new Map<string, number>()
  const date = symbols.map(symbol => {
    const day = seen.get(symbol) ?? 0
    seen.set(symbol, day + 1)
    return day
  })
  return new Table({
    symbol: vectorFromArray(symbols as string[], new Dictionary(new Utf8(), new Int32())),
    date: vectorFromArray(date, new Int32()),
    close: vectorFromArray(close as number[], new Float64())
  })
}

/** A table of several batches, each with a dictionary of its own. */
export function batches(...parts: readonly Table[]): Table {
  const [first] = parts
  if (!first) throw new Error('no part')
  const schema: Schema = first.schema
  return new Table(
    schema,
    parts.map(part => {
      const children = schema.fields.map(field => (part.getChild(field.name) as Vector).data[0]) as never[]
      return new RecordBatch(schema, makeData({ type: new Struct(schema.fields), length: part.numRows, nullCount: 0, children }))
    })
  )
}

/** Many symbols of as many days each, one symbol after the other or day by day, and five float columns. */
export function universe(symbols: number, days: number, order: 'by symbol' | 'by day', text: 'dictionary' | 'plain'): Table {
  const rows = symbols * days
  const codes = new Int32Array(rows)
  for (let row = 0; row < rows; row++) codes[row] = order === 'by symbol' ? Math.floor(row / days) : row % symbols
  const names = Array.from({ length: symbols }, (_, i) => `SYM${String(i).padStart(4, '0')}`)
  const dictionary = vectorFromArray(names, new Utf8())
  const symbol =
    text === 'dictionary'
      ? new Vector([makeData({ type: new Dictionary(new Utf8(), new Int32()), length: rows, nullCount: 0, data: codes, dictionary })])
      : vectorFromArray(
          Array.from(codes, code => names[code] as string),
          new Utf8()
        )
  const floats = (seed: number) => {
    const values = new Float64Array(rows)
    for (let row = 0; row < rows; row++) values[row] = seed + row / 7
    return makeVector(values)
  }
  return new Table({ symbol, open: floats(1), high: floats(2), low: floats(3), close: floats(4), volume: floats(5) })
}
