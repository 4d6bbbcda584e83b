import { problem } from './errors.ts'
import { checkBounds } from './group-request.ts'
import type { NumberColumn, Numbers } from './number-column.ts'

/** Numbers that can be read and not written: the type of what a cache hands out. */
export interface Column {
  readonly length: number
  readonly [index: number]: number
  /** A view on the same memory. */
  subarray(begin?: number, end?: number): Column
}

/** The rows of one key, or a window of them, in the table's order: a view on shared memory. */
export interface Group {
  readonly key: string
  readonly length: number
  /** The requested columns, in the order of the request. */
  readonly columns: Readonly<Record<string, Column>>
  /** The rows with `from` <= value < `to` in the request's window column, which must be ascending; throws a sentence if it is not, or if the request named none. */
  between(from: number, to: number): Group
}

/** One dataset, grouped once; groups come in the order in which their keys first appear. */
export interface GroupedData {
  readonly version: string
  readonly groups: ReadonlyMap<string, Group>
  readonly byteLength: number
}

/** Where the groups of an entry lie, apart from the memory itself. */
export interface Layout {
  readonly version: string
  readonly keys: readonly string[]
  readonly starts: Int32Array
  readonly columns: readonly { readonly name: string; readonly stored: NumberColumn['stored']; readonly offset: number }[]
  /** How many of the columns were requested: one more is kept when only the window needs it. */
  readonly requested: number
  /** Index of the window column. */
  readonly order?: number
}

/** Grouped data on a buffer that holds all its columns. */
export class StoredGroups implements GroupedData {
  readonly version: string
  readonly groups: ReadonlyMap<string, Group>
  readonly byteLength: number
  readonly #buffer: ArrayBufferLike
  readonly #layout: Layout

  constructor(layout: Layout, buffer: ArrayBufferLike) {
    this.version = layout.version
    this.byteLength = buffer.byteLength
    this.#buffer = buffer
    this.#layout = layout
    const rows = layout.starts.at(-1) ?? 0
    const arrays = layout.columns.map(({ stored, offset }) => new stored(buffer, offset, rows))
    this.groups = new Map(
      layout.keys.map((key, group) => {
        const range: Range = { begin: layout.starts[group] as number, end: layout.starts[group + 1] as number }
        return [key, new RowGroup(key, layout, arrays, range, { range, ascending: undefined })]
      })
    )
    Object.freeze(this)
  }

  /** The memory of all columns, its length a multiple of 16. */
  get buffer(): ArrayBufferLike {
    return this.#buffer
  }

  /** The same data in memory of its own, of the same kind. */
  copy(): StoredGroups {
    return new StoredGroups(this.#layout, this.#buffer.slice(0))
  }
}

interface Range {
  readonly begin: number
  readonly end: number
}

/** What all windows of a group have in common. */
interface Whole {
  readonly range: Range
  ascending: boolean | undefined
}

class RowGroup implements Group {
  readonly key: string
  readonly length: number
  readonly #layout: Layout
  readonly #arrays: readonly Numbers[]
  readonly #range: Range
  readonly #whole: Whole
  #columns: Readonly<Record<string, Column>> | undefined

  constructor(key: string, layout: Layout, arrays: readonly Numbers[], range: Range, whole: Whole) {
    this.key = key
    this.length = range.end - range.begin
    this.#layout = layout
    this.#arrays = arrays
    this.#range = range
    this.#whole = whole
  }

  // Made when they are first asked for: a window that only counts its rows makes no views.
  get columns(): Readonly<Record<string, Column>> {
    this.#columns ??= Object.freeze(
      Object.fromEntries(
        this.#layout.columns
          .slice(0, this.#layout.requested)
          .map(({ name }, index) => [name, (this.#arrays[index] as Numbers).subarray(this.#range.begin, this.#range.end)])
      )
    )
    return this.#columns
  }

  between(from: number, to: number): Group {
    checkBounds(from, to)
    const { order } = this.#layout
    if (order === undefined) throw problem('NO_ORDER')
    const values = this.#arrays[order] as Numbers
    this.#whole.ascending ??= isAscending(values, this.#whole.range)
    if (!this.#whole.ascending) throw problem('NOT_ASCENDING', this.#layout.columns[order]?.name ?? '', this.key)
    const begin = firstAtLeast(values, from, this.#range.begin, this.#range.end)
    const end = firstAtLeast(values, to, begin, this.#range.end)
    return new RowGroup(this.key, this.#layout, this.#arrays, { begin, end }, this.#whole)
  }
}

function isAscending(values: Numbers, { begin, end }: Range): boolean {
  // Written so that NaN, which compares with nothing, is not ascending.
  for (let i = begin; i < end; i++)
    if (!((values[i] as number) >= (i > begin ? (values[i - 1] as number) : Number.NEGATIVE_INFINITY))) return false
  return true
}

function firstAtLeast(values: Numbers, bound: number, begin: number, end: number): number {
  let low = begin
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) < bound) low = middle + 1
    else high = middle
  }
  return low
}
