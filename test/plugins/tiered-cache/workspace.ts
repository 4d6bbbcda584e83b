import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache, type TableRequest, type TieredCache, type TieredCacheOptions } from '@rxtuna/tiered-cache'
import { type Table, tableFromArrays } from 'apache-arrow'
import { expect } from 'chai'

/** A directory of one test, removed afterwards, and the caches on it. */
export interface Workspace extends AsyncDisposable {
  readonly directory: string
  readonly file: (name: string) => string
  open(options?: Partial<TieredCacheOptions>): Promise<TieredCache>
  /** Names of the files in the cache's directory, without the database's. */
  files(): readonly string[]
  /** Rows of a statement on the metadata database. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** A new directory; caches that it opened close with it. */
export function workspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-tiered-'))
  const open = new AsyncDisposableStack()
  const file = (name: string): string => join(directory, name)
  return {
    directory,
    file,
    open: async options => open.use(await openTieredCache({ directory, ...options })),
    files: () => readdirSync(directory).filter(name => !name.startsWith('metadata.db')),
    rows: async sql => {
      using db = await openSqlite({ path: file('metadata.db') })
      return db.prepare(sql).all() as Record<string, unknown>[]
    },
    [Symbol.asyncDispose]: async () => {
      await open.disposeAsync()
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

/** The request of a symbol's daily bars. */
export function daily(...symbols: readonly string[]): TableRequest {
  return { symbols, startDate: '2023-01-01', endDate: '2023-12-31', resolution: '1d', dataSource: 'prices' }
}

/** A table whose numbers say which it is; they do not compress. */
export function bars(first: number, rows = 100): Table {
  const close = Float64Array.from({ length: rows }, (_, i) => first + Math.sin(first * 7919 + i))
  return tableFromArrays({ row: Int32Array.from({ length: rows }, (_, i) => i), close })
}

/** The numbers of a table made by `bars`. */
export function closes(table: Table | undefined): readonly number[] {
  return [...(table?.getChild('close') ?? [])]
}

/** A source that may be asked so often. */
export function source(table: Table): { load(): Promise<Table>; loads: number } {
  const counting = {
    loads: 0,
    load: async () => {
      counting.loads++
      return table
    }
  }
  return counting
}

/** What a promise rejects with; a promise that resolves fails the test. */
export function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  return promise.then(
    () => expect.fail('expected a rejection'),
    error => error
  )
}

/** The codes of the `fail` events from now on. */
export function failures(cache: TieredCache): string[] {
  const codes: string[] = []
  cache.events.on('fail', ({ error }) => codes.push('code' in error ? String(error.code) : error.message))
  return codes
}

/** A promise and what settles it. */
export function gate(): PromiseWithResolvers<void> {
  return Promise.withResolvers<void>()
}
