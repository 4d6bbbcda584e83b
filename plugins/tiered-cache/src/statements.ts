import type { SqliteDatabase, SqliteStatement } from '@rxtuna/core/sqlite'
import { type Compilable, type Kysely, sql } from 'kysely'
import type { CacheTables } from './tables.ts'

/**
 * The statements on the way of a table to the disk and back. Building one takes longer than running it, so each is built once; its parameters are given
 * in the order in which they stand here.
 */
export class Statements {
  /** `key` → `EntryRow` with its seal. */
  readonly find: SqliteStatement
  /** `key` → its size. */
  readonly sizeOf: SqliteStatement
  /** → how many there are, and the size of all. */
  readonly totals: SqliteStatement
  /** → key, path and size of all, the least recently used first. */
  readonly byUse: SqliteStatement
  /** → key, path and size of all, the largest first. */
  readonly bySize: SqliteStatement
  /** `key`, `path` → key and path of its entry, if its file is another one. */
  readonly replaced: SqliteStatement
  /** `key`, `request` → unlinks the backtests of another request of that key. */
  readonly unlinkOthers: SqliteStatement
  /** The columns of an entry. */
  readonly upsert: SqliteStatement
  /** `key`. */
  readonly deleteEntry: SqliteStatement
  /** A JSON array of keys: for many. */
  readonly deleteEntries: SqliteStatement
  /** → the room of each worker. */
  readonly rooms: SqliteStatement
  /** `worker`, `size`, `at`. */
  readonly holdRoom: SqliteStatement
  /** `worker`. */
  readonly dropRoom: SqliteStatement
  /** `source`, `resolution` → the number of the newest dataset of these, and when it was touched. */
  readonly newestDataset: SqliteStatement
  /** `at`, `id`. */
  readonly touchDataset: SqliteStatement
  /** `count`, `at`, `key`. */
  readonly access: SqliteStatement
  /** `backtestId`, `at`, `key`: of an entry that is there. */
  readonly link: SqliteStatement

  constructor(db: SqliteDatabase) {
    const once = (query: Compilable<unknown>): SqliteStatement => db.prepare(query.compile().sql)
    const build = db.kysely<CacheTables>()
    const entries = build.selectFrom('cache_entries')
    const sized = entries.select(['cache_key as key', 'parquet_path as path', 'size_bytes as bytes'])
    const datasets = build
      .selectFrom('datasets')
      .select(['dataset_id as id', 'updated_at as updatedAt'])
      .where('source', '=', '')
      .where('resolution', '=', '')
    this.find = once(
      entries
        .select(['parquet_path as path', 'checksum', 'request', 'row_count as rows', 'load_ms as loadMs', 'created_at as loadedAt', 'seal'])
        .where('cache_key', '=', '')
    )
    this.sizeOf = once(entries.select('size_bytes as bytes').where('cache_key', '=', ''))
    this.totals = once(build.selectFrom('cache_totals').select(['entries', 'size_bytes as bytes']))
    this.byUse = once(sized.orderBy('last_accessed').orderBy(sql`rowid`))
    this.bySize = once(sized.orderBy('size_bytes', 'desc').orderBy('last_accessed').orderBy(sql`rowid`))
    this.replaced = once(
      entries.select(['cache_key as key', 'parquet_path as path']).where('cache_key', '=', '').where('parquet_path', '!=', '')
    )
    const others = entries.select('cache_key').where('cache_key', '=', '').where('request', '!=', '')
    this.unlinkOthers = once(build.deleteFrom('backtest_cache_links').where('cache_key', 'in', others))
    this.upsert = once(upsertOf(build))
    this.deleteEntry = once(build.deleteFrom('cache_entries').where('cache_key', '=', ''))
    this.deleteEntries = once(build.deleteFrom('cache_entries').where('cache_key', 'in', sql<string>`(select value from json_each(${''}))`))
    this.rooms = once(build.selectFrom('rooms').select(['worker', 'size_bytes as bytes', 'renewed_at as at']))
    this.holdRoom = once(
      build
        .insertInto('rooms')
        .values({ worker: '', size_bytes: 0, renewed_at: 0 })
        .onConflict(conflict =>
          conflict
            .column('worker')
            .doUpdateSet(({ ref }) => ({ size_bytes: ref('excluded.size_bytes'), renewed_at: ref('excluded.renewed_at') }))
        )
    )
    this.dropRoom = once(build.deleteFrom('rooms').where('worker', '=', ''))
    this.newestDataset = once(datasets.orderBy('schema_version', 'desc'))
    this.touchDataset = once(build.updateTable('datasets').set({ updated_at: 0 }).where('dataset_id', '=', 0))
    this.access = once(
      build
        .updateTable('cache_entries')
        .set(({ eb }) => ({ access_count: eb('access_count', '+', 0), last_accessed: sql<number>`max(last_accessed, ${0})` }))
        .where('cache_key', '=', '')
    )
    const linked = entries.select([sql<string>`${''}`.as('backtest_id'), 'cache_key', sql<number>`${0}`.as('linked_at')])
    this.link = once(
      build
        .insertInto('backtest_cache_links')
        .columns(['backtest_id', 'cache_key', 'linked_at'])
        .expression(linked.where('cache_key', '=', ''))
        .onConflict(conflict => conflict.doNothing())
    )
  }
}

/** Replaces what was there, but for the time of its load where a new one is not known. */
function upsertOf(build: Kysely<CacheTables>): Compilable<unknown> {
  const row = {
    ...{ cache_key: '', dataset_id: 0, parquet_path: '', checksum: '', created_at: 0, last_accessed: 0, access_count: 1, size_bytes: 0 },
    ...{ request: '', row_count: 0, seal: '', load_ms: 0 }
  }
  return build
    .insertInto('cache_entries')
    .values(row)
    .onConflict(conflict =>
      conflict.column('cache_key').doUpdateSet(({ ref, fn }) => ({
        dataset_id: ref('excluded.dataset_id'),
        parquet_path: ref('excluded.parquet_path'),
        checksum: ref('excluded.checksum'),
        created_at: ref('excluded.created_at'),
        last_accessed: ref('excluded.last_accessed'),
        access_count: ref('excluded.access_count'),
        size_bytes: ref('excluded.size_bytes'),
        request: ref('excluded.request'),
        row_count: ref('excluded.row_count'),
        seal: ref('excluded.seal'),
        load_ms: fn.coalesce('excluded.load_ms', 'cache_entries.load_ms')
      }))
    )
}
