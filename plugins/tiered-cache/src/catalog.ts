import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import type { Kysely, Selectable } from 'kysely'
import { addDataset, type Dataset } from './datasets.ts'
import { requestOf, type TableRequest } from './key.ts'
import { sealOf } from './metadata.ts'
import type { CacheTables } from './tables.ts'

/** An entry of the cold tier. */
export interface CacheEntry {
  readonly key: string
  readonly request: TableRequest
  readonly datasetId: number
  /** Relative to the cache's directory. */
  readonly path: string
  /** SHA-256 of the file, in hexadecimal. */
  readonly checksum: string
  readonly bytes: number
  readonly rows: number
  /** How often it was asked for, its storing among them. */
  readonly accessCount: number
  /** When its load began, or when it was put. */
  readonly loadedAt: Date
  readonly lastAccessed: Date
  /** Milliseconds that its source took; absent for what was put. */
  readonly loadMs?: number
}

/** That a backtest used an entry. */
export interface BacktestLink {
  readonly backtestId: string
  readonly linkedAt: Date
}

/** A dataset with what the cache holds of it. */
export interface RegisteredDataset extends Required<Dataset> {
  readonly id: number
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly entries: number
  readonly bytes: number
}

/** What one day (UTC) came to. */
export interface DayStatistics {
  /** Its midnight. */
  readonly day: Date
  readonly hits: number
  readonly misses: number
  /** Bytes of all files when it was last recorded. */
  readonly totalBytes: number
}

/** What the database can tell to people: entries, links, datasets, days. Each method is one statement or one transaction, and rejects as the database does. */
export class Catalog {
  readonly #db: SqliteDatabase
  readonly #build: Kysely<CacheTables>

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#build = db.kysely<CacheTables>()
  }

  async lookup(key: string): Promise<CacheEntry | undefined> {
    const [row] = await this.#db.read(() => this.#db.all(this.#build.selectFrom('cache_entries').selectAll().where('cache_key', '=', key)))
    return row && entryOf({ ...row, cache_key: key })
  }

  /** The most recently used first. */
  async entries(): Promise<readonly CacheEntry[]> {
    const all = this.#build.selectFrom('cache_entries').selectAll().orderBy('last_accessed', 'desc')
    const rows = await this.#db.read(() => this.#db.all(all))
    return rows.flatMap(row => entryOf(row) ?? [])
  }

  /** The earliest first. */
  async links(key: string): Promise<readonly BacktestLink[]> {
    const links = this.#build.selectFrom('backtest_cache_links').select(['backtest_id', 'linked_at']).where('cache_key', '=', key)
    const rows = await this.#db.read(() => this.#db.all(links.orderBy('linked_at').orderBy('id')))
    return rows.map(({ backtest_id, linked_at }) => ({ backtestId: backtest_id, linkedAt: dateOf(linked_at) }))
  }

  registerDataset(dataset: Required<Dataset>, at: number): Promise<number> {
    return this.#db.write(() => addDataset(this.#db, dataset, at))
  }

  async datasets(): Promise<readonly RegisteredDataset[]> {
    const { fn } = this.#build
    const listed = this.#build
      .selectFrom('datasets')
      .leftJoin('cache_entries', 'cache_entries.dataset_id', 'datasets.dataset_id')
      .selectAll('datasets')
      .select([fn.count<number>('cache_key').as('entries'), fn.sum<number | null>('size_bytes').as('bytes')])
      .groupBy('datasets.dataset_id')
      .orderBy('datasets.dataset_id')
    const rows = await this.#db.read(() => this.#db.all(listed))
    return rows.map(({ dataset_id, source, resolution, schema_version, created_at, updated_at, entries, bytes }) => ({
      ...{ id: dataset_id, source, resolution, schemaVersion: schema_version },
      ...{ createdAt: dateOf(created_at), updatedAt: dateOf(updated_at), entries, bytes: bytes ?? 0 }
    }))
  }

  /** Adds counts to a day, which is the Unix time of its midnight, and notes the size of now. */
  record(day: number, hits: number, misses: number): Promise<void> {
    return this.#db.write(() => {
      const size = this.#build.selectFrom('cache_entries').select(({ fn }) => fn.sum<number | null>('size_bytes').as('bytes'))
      const total_size_mb = (this.#db.all(size)[0]?.bytes ?? 0) / 2 ** 20
      this.#db.run(
        this.#build
          .insertInto('cache_statistics')
          .values({ stat_date: day, hit_count: hits, miss_count: misses, total_size_mb })
          .onConflict(conflict =>
            conflict.column('stat_date').doUpdateSet(({ eb, ref }) => ({
              hit_count: eb('cache_statistics.hit_count', '+', ref('excluded.hit_count')),
              miss_count: eb('cache_statistics.miss_count', '+', ref('excluded.miss_count')),
              total_size_mb
            }))
          )
      )
    })
  }

  /** The days whose midnights lie between two Unix times, both included, the earliest first. */
  async days(from: number, to: number): Promise<readonly DayStatistics[]> {
    const days = this.#build.selectFrom('cache_statistics').selectAll().where('stat_date', '>=', from).where('stat_date', '<=', to)
    const rows = await this.#db.read(() => this.#db.all(days.orderBy('stat_date')))
    return rows.map(({ stat_date, hit_count, miss_count, total_size_mb }) => ({
      ...{ day: dateOf(stat_date), hits: hit_count, misses: miss_count, totalBytes: Math.round(total_size_mb * 2 ** 20) }
    }))
  }

  /** Of all entries; 0 when there are none. */
  async averageAccessCount(): Promise<number> {
    const average = this.#build.selectFrom('cache_entries').select(({ fn }) => fn.avg<number | null>('access_count').as('average'))
    const [row] = await this.#db.read(() => this.#db.all(average))
    return row?.average ?? 0
  }
}

/** Undefined for a row that is not as it was stored: the next read of it says so. */
function entryOf(row: Selectable<CacheTables['cache_entries']>): CacheEntry | undefined {
  const { cache_key: key, parquet_path: path, checksum, row_count: rows, created_at: loadedAt } = row
  const request = requestOf(row.request)
  if (!request || (row.seal !== null && row.seal !== sealOf(key, { path, checksum, request: row.request, rows, loadedAt })))
    return undefined
  return {
    ...{ key, request, datasetId: row.dataset_id, path, checksum, bytes: row.size_bytes, rows, accessCount: row.access_count },
    ...{ loadedAt: dateOf(loadedAt), lastAccessed: dateOf(row.last_accessed) },
    ...(row.load_ms === null ? {} : { loadMs: row.load_ms })
  }
}

function dateOf(unixSeconds: number): Date {
  return new Date(unixSeconds * 1000)
}
