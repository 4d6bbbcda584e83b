import type { TableRequest } from '@rxtuna/tiered-cache'
import { type Table, tableFromArrays } from 'apache-arrow'
import { daily } from './workspace.ts'

/** What a killed process works with: so many keys, of tables of so many rows. */
export const keys = 12
const rows = 150

/** Room for all tables, and for a third of them: each file has about 2,700 bytes. */
export const roomy = 1_000_000
export const tight = 12_000

export const requestOf = (key: number): TableRequest => daily(`K${key}`)

/** The table of a key in a version, which says both in every row. */
export function tableOf(key: number, version: number): Table {
  return tableFromArrays({
    key: new Int32Array(rows).fill(key),
    version: new Int32Array(rows).fill(version),
    noise: Float64Array.from({ length: rows }, (_, i) => noise(key, version, i))
  })
}

/** The version of a table of a key; throws for a table of another key, and for one that is not whole. */
export function versionOf(key: number, table: Table): number {
  const version = Number(table.getChild('version')?.get(0))
  for (let i = 0; i < rows; i++) {
    const row = table.get(i)
    if (row?.key !== key || row?.version !== version || row?.noise !== noise(key, version, i)) {
      throw new Error(`Expected a whole table of key ${key}, got in row ${i}: ${row}.`)
    }
  }
  if (table.numRows !== rows) throw new Error(`Expected ${rows} rows, got ${table.numRows}.`)
  return version
}

const noise = (key: number, version: number, i: number): number => Math.sin(key * 7919 + version * 104_729 + i)
