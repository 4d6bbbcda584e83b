import { DataType, Int32, Int64, makeData, Vector, vectorFromArray } from 'apache-arrow'

/** A value of a column; integers, days and instants are bigints, the last two since the epoch, in the type's unit. */
export type Value = bigint | number | string | boolean | null

/** A value as JSON that loses nothing: integers as text, floats as Python's `float.hex()` spells them. */
export type Spelled = string | boolean | null

export function spell(value: Value): Spelled {
  if (typeof value === 'bigint') return String(value)
  return typeof value === 'number' ? floatHex(value) : value
}

/** The values of a vector, read from its bits where reading them as JavaScript has it would round them. */
export function spelledVector(vector: Vector): readonly Spelled[] {
  const { type } = vector
  const stored: Vector = storedAs(type) === type ? vector : retyped(vector, storedAs(type))
  const whole = DataType.isInt(stored.type)
  return Array.from(stored, value => spell(whole && value !== null ? BigInt(value) : value))
}

export function vectorOf(type: DataType, values: readonly Value[]): Vector {
  const stored = storedAs(type)
  const narrow = DataType.isInt(stored) && stored.bitWidth < 64
  const list = values.map(value => (narrow && typeof value === 'bigint' ? Number(value) : value))
  const vector: Vector = vectorFromArray(list, stored)
  return stored === type ? vector : retyped(vector, type)
}

function storedAs(type: DataType): DataType {
  if (DataType.isTimestamp(type)) return new Int64()
  return DataType.isDate(type) ? new Int32() : type
}

function retyped(vector: Vector, type: DataType): Vector {
  return new Vector(
    vector.data.map(({ length, nullCount, nullBitmap, values }) =>
      // Every type that comes here is an array of numbers and a bitmap, whatever it calls them.
      makeData({ type: type as Int64, length, nullCount, nullBitmap, data: values })
    )
  )
}

/** Python's `float.hex()`. */
function floatHex(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const sign = bits >> 63n ? '-' : ''
  if (!Number.isFinite(value)) return `${sign}inf`
  if (value === 0) return `${sign}0x0.0p+0`
  const biased = Number((bits >> 52n) & 0x7ffn)
  const exponent = biased === 0 ? -1022 : biased - 1023
  const fraction = (bits & 0xfffffffffffffn).toString(16).padStart(13, '0')
  return `${sign}0x${biased === 0 ? 0 : 1}.${fraction}p${exponent < 0 ? '' : '+'}${exponent}`
}
