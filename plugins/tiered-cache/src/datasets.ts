import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { failure } from './errors.ts'
import type { CacheTables } from './tables.ts'

/** Tables of one source and resolution. */
export interface Dataset {
  readonly source: string
  readonly resolution: string
  /** Of the tables' shape. Default 1. */
  readonly schemaVersion?: number
}

/** The number of a dataset, inside a transaction: a registered one, or the newest of its source and resolution, made if there is none. Throws `TIERED_DATASET`. */
export function ensureDataset(db: SqliteDatabase, dataset: number | Dataset, at: number): number {
  const build = db.kysely<CacheTables>()
  if (typeof dataset === 'number') {
    const touched = db.run(build.updateTable('datasets').set({ updated_at: at }).where('dataset_id', '=', dataset))
    if (touched.changes === 0) throw failure('TIERED_DATASET', [dataset])
    return dataset
  }
  const { source, resolution, schemaVersion } = dataset
  let known = build.selectFrom('datasets').select('dataset_id').where('source', '=', source).where('resolution', '=', resolution)
  if (schemaVersion !== undefined) known = known.where('schema_version', '=', schemaVersion)
  const [row] = db.all(known.orderBy('schema_version', 'desc').limit(1))
  if (row) return ensureDataset(db, row.dataset_id, at)
  const made = db.run(
    build.insertInto('datasets').values({ source, resolution, schema_version: schemaVersion ?? 1, created_at: at, updated_at: at })
  )
  return Number(made.lastInsertRowid)
}
