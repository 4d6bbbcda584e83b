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

/** Computes one value per row of a group from its columns and some params. */
export type ComputeColumn<Q> = (group: Group, params: Q) => ArrayLike<number>

/** One dataset, grouped once; groups come in the order in which their keys first appear. */
export interface GroupedData {
  readonly version: string
  readonly groups: ReadonlyMap<string, Group>
  /** Of its own arrays; those of the data that it was derived from are not counted again. */
  readonly byteLength: number
  /**
   * The same groups with one column more, of doubles, computed once and kept beside the data: for the same name, params (as JSON) and text of `compute`, which
   * must not depend on anything else. Counts, joins and rejects as `grouped` does; what `compute` throws is not kept.
   */
  derive<Q>(name: string, params: Q, compute: ComputeColumn<Q>): Promise<GroupedData>
  /** A handle for `postMessage`, by which a worker thread has the same memory: `receiveGroups(handle)`. Throws unless the cache is `shared`. */
  transfer(): GroupsHandle
}

/** What a worker thread is sent: plain data and shared memory. */
export interface GroupsHandle {
  readonly version: string
  readonly keys: readonly string[]
  readonly starts: Int32Array
  readonly columns: readonly {
    readonly name: string
    readonly type: string
    readonly buffer: SharedArrayBuffer
    readonly offset: number
    readonly length: number
  }[]
  readonly hidden: number
  readonly order?: number
}

/** Where the groups of an entry lie. */
export interface Layout {
  readonly version: string
  readonly keys: readonly string[]
  readonly starts: Int32Array
  /** The requested columns, one more if only the window needs it, then the derived ones. */
  readonly columns: readonly StoredColumn[]
  /** Index of a column that was not requested; −1 if there is none. */
  readonly hidden: number
  /** Index of the window column. */
  readonly order?: number
}
export interface StoredColumn {
  readonly name: string
  readonly array: Numbers
}
type Derive = <Q>(name: string, params: Q, compute: ComputeColumn<Q>) => Promise<GroupedData>

/** Grouped data on buffers of whole columns. */
export class StoredGroups implements GroupedData {
  readonly version: string
  readonly groups: ReadonlyMap<string, Group>
  readonly byteLength: number
  readonly layout: Layout
  /** The memory that this data adds to what it was derived from, its length a multiple of 16. */
  readonly buffer: ArrayBufferLike
  readonly derive: Derive

  constructor(layout: Layout, buffer: ArrayBufferLike, derive: Derive) {
    this.version = layout.version
    this.byteLength = buffer.byteLength
    this.buffer = buffer
    this.layout = layout
    this.derive = derive
    const groups = new Map(
      layout.keys.map((key, group) => {
        const range: Range = { begin: layout.starts[group] as number, end: layout.starts[group + 1] as number }
        return [key, new RowGroup(key, layout, range, { range, ascending: undefined })]
      })
    )
    this.groups = Object.freeze(Object.assign(groups, { set: refuse, delete: refuse, clear: refuse }))
    Object.freeze(this)
  }

  /** The same data in memory of its own, of the same kind. */
  copy(): StoredGroups {
    const copies = new Map<ArrayBufferLike, ArrayBufferLike>()
    const copyOf = (buffer: ArrayBufferLike): ArrayBufferLike => {
      const copied = copies.get(buffer) ?? buffer.slice(0)
      copies.set(buffer, copied)
      return copied
    }
    const columns = this.layout.columns.map(({ name, array }) => {
      const type = array.constructor as NumberColumn['stored']
      return { name, array: new type(copyOf(array.buffer), array.byteOffset, array.length) }
    })
    return new StoredGroups({ ...this.layout, columns }, copyOf(this.buffer), this.derive)
  }

  transfer(): GroupsHandle {
    const { version, keys, starts, columns, hidden, order } = this.layout
    return {
      version,
      // Copies: what is sent is the receiver's own.
      keys: [...keys],
      starts: starts.slice(),
      columns: columns.map(({ name, array }) => {
        const { buffer } = array
        if (!(buffer instanceof SharedArrayBuffer)) throw problem('NOT_SHARED')
        return { name, type: array.constructor.name, buffer, offset: array.byteOffset, length: array.length }
      }),
      hidden,
      ...(order === undefined ? {} : { order })
    }
  }
}

const arrays: Readonly<Record<string, NumberColumn['stored']>> = {
  Float64Array,
  Float32Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint16Array,
  Uint32Array
}

/** In a worker thread: the groups that another thread has transferred, on the same memory. They have the columns that were derived before, and derive no others. */
export function receiveGroups(handle: GroupsHandle): GroupedData {
  if (typeof handle !== 'object' || handle === null || !Array.isArray(handle.columns)) throw problem('HANDLE_SHAPE', handle)
  const { version, keys, starts, hidden, order } = handle
  const columns = handle.columns.map(({ name, type, buffer, offset, length }) => {
    const stored = arrays[type]
    if (!stored) throw problem('HANDLE_SHAPE', handle)
    return { name, array: new stored(buffer, offset, length) }
  })
  const layout = { version, keys, starts, columns, hidden, ...(order === undefined ? {} : { order }) }
  return new StoredGroups(layout, columns[0]?.array.buffer ?? new SharedArrayBuffer(0), async () => {
    throw problem('DERIVE_ELSEWHERE')
  })
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
  readonly #range: Range
  readonly #whole: Whole
  #columns: Readonly<Record<string, Column>> | undefined

  constructor(key: string, layout: Layout, range: Range, whole: Whole) {
    this.key = key
    this.length = range.end - range.begin
    this.#layout = layout
    this.#range = range
    this.#whole = whole
    Object.freeze(this)
  }

  // Made when they are first asked for: a window that only counts its rows makes no views.
  get columns(): Readonly<Record<string, Column>> {
    const { columns, hidden } = this.#layout
    this.#columns ??= Object.freeze(
      Object.fromEntries(
        columns.filter((_, index) => index !== hidden).map(({ name, array }) => [name, array.subarray(this.#range.begin, this.#range.end)])
      )
    )
    return this.#columns
  }

  between(from: number, to: number): Group {
    checkBounds(from, to)
    const { order, columns } = this.#layout
    const ordering = order === undefined ? undefined : columns[order]
    if (!ordering) throw problem('NO_ORDER')
    const { name, array: values } = ordering
    this.#whole.ascending ??= isAscending(values, this.#whole.range)
    if (!this.#whole.ascending) throw problem('NOT_ASCENDING', name, this.key)
    const begin = firstAtLeast(values, from, this.#range.begin, this.#range.end)
    const end = firstAtLeast(values, to, begin, this.#range.end)
    return new RowGroup(this.key, this.#layout, { begin, end }, this.#whole)
  }
}

/** The types forbid it, too. */
function refuse(): never {
  throw problem('GROUPS_WRITE')
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
