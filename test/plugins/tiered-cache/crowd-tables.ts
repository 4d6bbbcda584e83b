import type { TableRequest } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { bars, daily } from './workspace.ts'

export const keys = 500
/** Keys that are asked for more often, so that several processes want one at a time. */
export const popular = 20
export const callers = 8

/** Room for about half of the files, which have some 1,300 bytes each, and for a few tables in memory. */
export const coldBytes = 300_000
export const hotBytes = 15_000

/** What one process saw. Times are those of `process.hrtime`, in nanoseconds, as text. */
export interface CrowdLog {
  readonly loads: readonly { readonly key: number; readonly begin: string; readonly end: string }[]
  readonly wrong: readonly string[]
  readonly calls: number
  readonly answered: number
  readonly failed: number
  readonly left: number
  readonly hits: number
  readonly misses: number
  readonly joined: number
  readonly evictions: number
  readonly hotEvictions: number
}

export const requestOf = (key: number): TableRequest => daily(`C${key}`)
export const tableOf = (key: number): Table => bars(key + 1, 40)
