import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import type { CacheTables } from './tables.ts'

/** Tables of one source and resolution. */
export interface Dataset {
  readonly source: string
  readonly resolution: string
  /** Of the tables' shape. Default 1. */
  readonly schemaVersion?: number
}

/** The number of a dataset, made if there is none, inside a transaction. `at` is in Unix seconds. */
export function addDataset(db: SqliteDatabase, { source, resolution, schemaVersion = 1 }: Dataset, at: number): number {
  const build = db.kysely<CacheTables>()
  const known = build.selectFrom('datasets').select('dataset_id').where('source', '=', source).where('resolution', '=', resolution)
  const [row] = db.all(known.where('schema_version', '=', schemaVersion))
  if (row) return row.dataset_id
  const times = { created_at: at, updated_at: at }
  return Number(
    db.run(build.insertInto('datasets').values({ source, resolution, schema_version: schemaVersion, ...times })).lastInsertRowid
  )
}
