import type { Vector } from 'apache-arrow'
import { groupKey } from './group-request.ts'
import type { NumberColumn } from './number-column.ts'
import { inRows, type Sliced } from './slices.ts'
import { textCodes } from './text-codes.ts'

/** Where each row of a table goes when its groups lie one behind the other. */
export interface GroupedRows {
  /** In order of first appearance. */
  readonly keys: readonly string[]
  /** Group g has the places `starts[g]` to `starts[g + 1]`. */
  readonly starts: Int32Array
  /** The place of each row, -1 for one outside the window. Rows of a group keep their order. */
  readonly target: Int32Array
}

/** A window on the rows: `from` <= value < `to`. */
export interface RowWindow {
  readonly column: NumberColumn
  readonly from: number
  readonly to: number
}

/** Sorts the rows of a table into groups by one or several columns of text, in one pass over their codes. */
export function* groupRows(by: readonly { readonly name: string; readonly vector: Vector }[], window?: RowWindow): Sliced<GroupedRows> {
  let all: TupleCodes | undefined
  for (const { name, vector } of by) {
    const { codes, texts } = yield* textCodes(name, vector)
    const one = { codes, tuples: texts.map(text => [text]) }
    all = all ? yield* combined(all, one) : one
  }
  const { codes, tuples } = all ?? { codes: new Int32Array(0), tuples: [] }
  const outside = window && (yield* rowsOutside(window, codes.length))

  // From here on a code is a group: those that have rows in the window, in order of appearance.
  const groups = new Int32Array(tuples.length).fill(-1)
  const keys: string[] = []
  const counts = new Int32Array(tuples.length)
  yield* inRows(codes.length, (begin, end) => {
    for (let row = begin; row < end; row++) {
      if (outside !== undefined && outside[row] === 1) {
        codes[row] = -1
        continue
      }
      const code = codes[row] as number
      let group = groups[code] as number
      if (group < 0) {
        group = keys.push(groupKey(...(tuples[code] as readonly string[]))) - 1
        groups[code] = group
      }
      codes[row] = group
      counts[group] = (counts[group] as number) + 1
    }
  })

  const starts = new Int32Array(keys.length + 1)
  for (let group = 0; group < keys.length; group++) starts[group + 1] = (starts[group] as number) + (counts[group] as number)
  const next = starts.slice()
  yield* inRows(codes.length, (begin, end) => {
    for (let row = begin; row < end; row++) {
      const group = codes[row] as number
      if (group < 0) continue
      const place = next[group] as number
      next[group] = place + 1
      codes[row] = place
    }
  })
  return { keys, starts, target: codes }
}

/** Codes of what several columns hold together. */
interface TupleCodes {
  readonly codes: Int32Array
  readonly tuples: readonly (readonly string[])[]
}

function* combined(left: TupleCodes, right: TupleCodes): Sliced<TupleCodes> {
  const codes = new Int32Array(left.codes.length)
  const tuples: (readonly string[])[] = []
  const known = new Map<number, number>()
  yield* inRows(codes.length, (begin, end) => {
    for (let row = begin; row < end; row++) {
      const a = left.codes[row] as number
      const b = right.codes[row] as number
      const pair = a * right.tuples.length + b
      let code = known.get(pair)
      if (code === undefined) {
        code = tuples.push([...(left.tuples[a] as readonly string[]), ...(right.tuples[b] as readonly string[])]) - 1
        known.set(pair, code)
      }
      codes[row] = code
    }
  })
  return { codes, tuples }
}

function* rowsOutside({ column, from, to }: RowWindow, length: number): Sliced<Uint8Array> {
  const values = new Float64Array(length)
  const inPlace = new Int32Array(length)
  yield* inRows(length, (begin, end) => {
    for (let row = begin; row < end; row++) inPlace[row] = row
  })
  yield* column.scatter(values, inPlace)
  const outside = new Uint8Array(length)
  yield* inRows(length, (begin, end) => {
    for (let row = begin; row < end; row++) {
      const value = values[row] as number
      outside[row] = value >= from && value < to ? 0 : 1
    }
  })
  return outside
}
