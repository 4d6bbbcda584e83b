import { type Data, DataType, type Date_, DateUnit, type Float, type Int, Precision, type Timestamp, TimeUnit, Vector } from 'apache-arrow'
import { problem } from './errors.ts'
import { inRows, type Sliced } from './slices.ts'

/** The arrays that columns are stored in. */
export type Numbers = Float64Array | Float32Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array

/** How a column of numbers is stored, and what puts it there. */
export interface NumberColumn {
  readonly name: string
  readonly stored: { new (buffer: ArrayBufferLike, offset: number, length: number): Numbers; readonly BYTES_PER_ELEMENT: number }
  /** Writes row i to `into[target[i]]`; a row whose target is -1 is left out. */
  scatter(into: Numbers, target: Int32Array): Sliced<void>
}

/** Reads the rows of one chunk. */
type Reader = (data: Data) => (row: number) => number

/**
 * A column of an Arrow table as numbers: floats and integers keep their width (half floats become single), 64-bit integers become doubles, booleans
 * 0 and 1, dates and timestamps milliseconds since 1970. Throws a sentence that names the column for nulls and for other types; `scatter` throws one
 * for a value that a double cannot hold.
 */
export function numberColumn(name: string, vector: Vector): NumberColumn {
  const type: DataType = vector.type
  if (vector.nullCount > 0) throw problem('COLUMN_NULLS', name, vector.nullCount)
  const copy = (stored: NumberColumn['stored']): NumberColumn => {
    return { name, stored, scatter: (into, target) => scatterCopied(vector, into, target) }
  }
  const read = (stored: NumberColumn['stored'], reader: Reader): NumberColumn => {
    return { name, stored, scatter: (into, target) => scatterRead(vector, into, target, reader) }
  }
  const wide = (factor: number) => read(Float64Array, wideIntegers(name, factor, true))

  if (DataType.isFloat(type)) {
    const { precision } = type as Float
    if (precision === Precision.HALF) return read(Float32Array, halfFloats)
    return copy(precision === Precision.DOUBLE ? Float64Array : Float32Array)
  }
  if (DataType.isInt(type)) {
    const { bitWidth, isSigned } = type as Int
    if (bitWidth === 64) return isSigned ? wide(1) : read(Float64Array, wideIntegers(name, 1, false))
    if (bitWidth === 32) return copy(isSigned ? Int32Array : Uint32Array)
    if (bitWidth === 16) return copy(isSigned ? Int16Array : Uint16Array)
    return copy(isSigned ? Int8Array : Uint8Array)
  }
  if (DataType.isBool(type)) return read(Uint8Array, bits)
  if (DataType.isDate(type)) return (type as Date_).unit === DateUnit.DAY ? read(Float64Array, days) : wide(1)
  if (DataType.isTimestamp(type)) {
    const { unit } = type as Timestamp
    if (unit === TimeUnit.NANOSECOND) return read(Float64Array, nanoseconds(name))
    return wide(unit === TimeUnit.SECOND ? 1000 : unit === TimeUnit.MILLISECOND ? 1 : 1 / 1000)
  }
  throw problem('COLUMN_TYPE', name, `${type}`)
}

function* scatterCopied(vector: Vector, into: Numbers, target: Int32Array): Sliced<void> {
  let start = 0
  for (const { values, length } of vector.data) {
    const first = start
    const isDouble = into instanceof Float64Array && values instanceof Float64Array
    yield* inRows(length, isDouble ? doubles(values, into, target, first) : copies(values, into, target, first))
    start += length
  }
}

type CopyRows = (begin: number, end: number) => void

// Apart from `copies`, so that its loop sees one kind of array and stays fast.
function doubles(values: Float64Array, into: Float64Array, target: Int32Array, start: number): CopyRows {
  return (begin, end) => {
    for (let i = begin; i < end; i++) {
      const at = target[start + i] as number
      if (at >= 0) into[at] = values[i] as number
    }
  }
}

function copies(values: Numbers, into: Numbers, target: Int32Array, start: number): CopyRows {
  return (begin, end) => {
    for (let i = begin; i < end; i++) {
      const at = target[start + i] as number
      if (at >= 0) into[at] = values[i] as number
    }
  }
}

function* scatterRead(vector: Vector, into: Numbers, target: Int32Array, reader: Reader): Sliced<void> {
  let start = 0
  for (const data of vector.data) {
    const value = reader(data)
    const first = start
    yield* inRows(data.length, (begin, end) => {
      for (let i = begin; i < end; i++) {
        const at = target[first + i] as number
        if (at >= 0) into[at] = value(i)
      }
    })
    start += data.length
  }
}

const bits: Reader =
  ({ values, offset }) =>
  row =>
    (values[(offset + row) >> 3] >> ((offset + row) & 7)) & 1

const days: Reader =
  ({ values }) =>
  row =>
    values[row] * 86_400_000

const halfFloats: Reader = data => {
  const chunk = new Vector([data])
  return row => chunk.get(row)
}

/** 64-bit integers as two words, which spares a BigInt per row. Arrow's buffers are little-endian. */
function wordsOf({ values }: Data): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2)
}

function wideIntegers(name: string, factor: number, signed: boolean): Reader {
  return data => {
    const words = wordsOf(data)
    return row => {
      const high = words[2 * row + 1] as number
      const value = (signed ? high : high >>> 0) * 2 ** 32 + ((words[2 * row] as number) >>> 0)
      if (!Number.isSafeInteger(value)) throw problem('INTEGER_TOO_LARGE', name, data.values[row])
      // Divided, not multiplied: 1 / 1000 is no double, and the quotient should be the nearest one.
      return factor < 1 ? value / 1000 : value * factor
    }
  }
}

function nanoseconds(name: string): Reader {
  return data => {
    const words = wordsOf(data)
    return row => {
      // 2^32 is 4,294,967 × 1000 + 296, so thousandths of the whole can be taken without leaving exact doubles.
      const high = words[2 * row + 1] as number
      const rest = high * 296 + ((words[2 * row] as number) >>> 0)
      if (rest % 1000 !== 0) throw problem('TIME_TOO_FINE', name, data.values[row])
      const microseconds = high * 4_294_967 + rest / 1000
      if (!Number.isSafeInteger(microseconds)) throw problem('INTEGER_TOO_LARGE', name, data.values[row])
      return microseconds / 1000
    }
  }
}
