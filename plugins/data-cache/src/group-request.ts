import { problem } from './errors.ts'

/** What to group, and by what. All of it is the key of the entry, so another window, column set or version is another entry. */
export interface GroupRequest {
  readonly dataset: string
  /**
   * The content's version, such as a hash of the files that it comes from. A function is asked at each call, and once more after a load: if the
   * dataset has changed meanwhile, so that the load may have read either, it is loaded again.
   */
  readonly version: string | (() => Promise<string>)
  /** One or several columns of text. A group's key is the text, or `groupKey(…)` of several. */
  readonly groupBy: string | readonly string[]
  /** Columns of numbers, in the order in which groups have them. */
  readonly columns: readonly string[]
  /** The column that `between` cuts by; with bounds, only rows with `from` <= value < `to` are kept. Dates and timestamps count in milliseconds since 1970. */
  readonly window?: { readonly column: string; readonly from?: number; readonly to?: number }
}

/** A request whose version is known. */
export type VersionedRequest = GroupRequest & { readonly version: string }

/** The key of a group by several columns: unambiguous, whatever the texts hold. Of one text, that text. */
export function groupKey(...values: readonly string[]): string {
  return values.length === 1 ? (values[0] ?? '') : JSON.stringify(values)
}

/** The text of a request: equal texts, equal entries. */
export function requestKey({ dataset, version, groupBy, columns, window }: VersionedRequest): string {
  const by = typeof groupBy === 'string' ? [groupBy] : groupBy
  if (!window) return JSON.stringify([dataset, version, by, columns])
  // As texts, because JSON has no infinities.
  return JSON.stringify([dataset, version, by, columns, window.column, `${window.from ?? ''}`, `${window.to ?? ''}`])
}

/** The text of what takes the same time to load: the dataset and its grouping. */
export function requestKind({ dataset, groupBy }: GroupRequest): string {
  return JSON.stringify([dataset, ...groupColumns(groupBy)])
}

export function groupColumns(groupBy: GroupRequest['groupBy']): readonly string[] {
  return typeof groupBy === 'string' ? [groupBy] : groupBy
}

/** Throws a sentence for a request that names nothing or bounds nothing. */
export function checkRequest({ dataset, version, groupBy, columns, window }: VersionedRequest): void {
  checkText('dataset', dataset)
  checkText('version', version)
  checkNames('groupBy', groupColumns(groupBy))
  checkNames('columns', columns)
  if (!window) return
  checkText('window.column', window.column)
  checkBounds(window.from, window.to)
}

/** Throws a sentence unless the bounds are numbers in order; a missing one is open. */
export function checkBounds(from: number = Number.NEGATIVE_INFINITY, to: number = Number.POSITIVE_INFINITY): void {
  if (typeof from !== 'number' || Number.isNaN(from)) throw problem('WINDOW_BOUND', 'from', from)
  if (typeof to !== 'number' || Number.isNaN(to)) throw problem('WINDOW_BOUND', 'to', to)
  if (from > to) throw problem('WINDOW_EMPTY', from, to)
}

function checkText(field: string, value: string): void {
  if (typeof value !== 'string' || value === '') throw problem('REQUEST_NAME', field, value)
}

function checkNames(field: string, names: readonly string[]): void {
  if (!Array.isArray(names) || names.length === 0) throw problem('REQUEST_LIST', field, names)
  for (const name of names) checkText(field, name)
}
