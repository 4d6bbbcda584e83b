import { openSqlite, type SqliteDatabase } from '@rxtuna/core/sqlite'
import { type Compilable, CompiledQuery, type Kysely, sql } from 'kysely'
import { failure } from './errors.ts'
import type { CacheTables } from './tables.ts'

/** Marks the database as a tiered cache's: "rxtc". */
const applicationId = 0x72787463

type Schema = Kysely<CacheTables>['schema']
type Statement = Compilable<unknown> | CompiledQuery

/** One step per version, never changed once released. */
const steps: readonly ((schema: Schema) => readonly Statement[])[] = [
  schema => [
    schema
      .createTable('datasets')
      .addColumn('dataset_id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('source', 'text', column => column.notNull())
      .addColumn('resolution', 'text', column => column.notNull())
      .addColumn('schema_version', 'integer', column => column.notNull().defaultTo(1))
      .addColumn('created_at', 'real', column => column.notNull())
      .addColumn('updated_at', 'real', column => column.notNull())
      .addUniqueConstraint('unique_dataset', ['source', 'resolution', 'schema_version']),
    schema
      .createTable('cache_entries')
      .addColumn('cache_key', 'text', column => column.primaryKey().notNull())
      .addColumn('dataset_id', 'integer', column => column.notNull().references('datasets.dataset_id'))
      .addColumn('parquet_path', 'text', column => column.notNull())
      .addColumn('checksum', 'text', column => column.notNull())
      .addColumn('created_at', 'real', column => column.notNull())
      .addColumn('last_accessed', 'real', column => column.notNull())
      .addColumn('access_count', 'integer', column => column.notNull().defaultTo(1))
      .addColumn('size_bytes', 'integer', column => column.notNull())
      .addColumn('request', 'text', column => column.notNull())
      .addColumn('row_count', 'integer', column => column.notNull())
      .addColumn('load_ms', 'real'),
    schema.createIndex('idx_cache_entries_dataset').on('cache_entries').column('dataset_id'),
    schema.createIndex('idx_cache_entries_accessed').on('cache_entries').column('last_accessed'),
    schema.createIndex('idx_cache_entries_size').on('cache_entries').column('size_bytes'),
    schema
      .createTable('backtest_cache_links')
      .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('backtest_id', 'text', column => column.notNull())
      .addColumn('cache_key', 'text', column => column.notNull().references('cache_entries.cache_key').onDelete('cascade'))
      .addColumn('linked_at', 'real', column => column.notNull())
      .addUniqueConstraint('unique_backtest_link', ['backtest_id', 'cache_key']),
    schema.createIndex('idx_backtest_links_cache').on('backtest_cache_links').column('cache_key'),
    schema
      .createTable('cache_statistics')
      .addColumn('id', 'integer', column => column.primaryKey().autoIncrement())
      .addColumn('stat_date', 'integer', column => column.notNull().unique())
      .addColumn('hit_count', 'integer', column => column.notNull().defaultTo(0))
      .addColumn('miss_count', 'integer', column => column.notNull().defaultTo(0))
      .addColumn('total_size_mb', 'real', column => column.notNull().defaultTo(0)),
    schema
      .createTable('leases')
      .addColumn('cache_key', 'text', column => column.primaryKey().notNull())
      .addColumn('worker', 'text', column => column.notNull())
      .addColumn('renewed_at', 'real', column => column.notNull())
      .modifyEnd(sql`without rowid`)
  ],
  schema => [
    schema
      .createTable('rooms')
      .addColumn('worker', 'text', column => column.primaryKey().notNull())
      .addColumn('size_bytes', 'integer', column => column.notNull())
      .addColumn('renewed_at', 'real', column => column.notNull())
      .modifyEnd(sql`without rowid`),
    schema.alterTable('cache_entries').addColumn('seal', 'text'),
    schema
      .createTable('cache_totals')
      .addColumn('id', 'integer', column => column.primaryKey())
      .addColumn('entries', 'integer', column => column.notNull())
      .addColumn('size_bytes', 'integer', column => column.notNull()),
    // Nothing looks for the entries of a dataset, and each index is a page more to write.
    schema.dropIndex('idx_cache_entries_dataset'),
    // Kept by the database itself, so that no put has to add up all sizes, and no process can forget one.
    ...[
      'INSERT INTO cache_totals (id, entries, size_bytes) SELECT 1, COUNT(*), COALESCE(SUM(size_bytes), 0) FROM cache_entries',
      `CREATE TRIGGER count_added AFTER INSERT ON cache_entries BEGIN
         UPDATE cache_totals SET entries = entries + 1, size_bytes = size_bytes + NEW.size_bytes; END`,
      `CREATE TRIGGER count_resized AFTER UPDATE OF size_bytes ON cache_entries BEGIN
         UPDATE cache_totals SET size_bytes = size_bytes + NEW.size_bytes - OLD.size_bytes; END`,
      `CREATE TRIGGER count_removed AFTER DELETE ON cache_entries BEGIN
         UPDATE cache_totals SET entries = entries - 1, size_bytes = size_bytes - OLD.size_bytes; END`
    ].map(text => CompiledQuery.raw(text))
  ]
]

/** Brings a database to the current version in one transaction. Rejects for another program's database, and for a newer version. */
export async function migrate(db: SqliteDatabase): Promise<void> {
  const { schema } = db.kysely<CacheTables>()
  await db.write(() => {
    const version = pragma(db, 'user_version')
    const id = pragma(db, 'application_id')
    const empty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
    if (id !== applicationId && !empty) throw failure('TIERED_METADATA_FOREIGN', [db.path])
    if (version > steps.length) throw failure('TIERED_METADATA_NEWER', [db.path, version, steps.length])
    if (version === steps.length) return
    // Not by the builder's own migrator, whose steps are not one transaction in SQLite: a process killed between two would leave half a schema.
    for (const step of steps.slice(version))
      for (const statement of step(schema)) db.exec('compile' in statement ? statement.compile().sql : statement.sql)
    db.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${applicationId}`)
  })
}

/**
 * Throws, as SQLite does for damage that it meets, when the database is not sound: pages and indexes, the tables that it has, and numbers that would
 * stop it.
 */
export async function checkSound(db: SqliteDatabase): Promise<void> {
  // A pragma's row has one column, named like the pragma. Not the quick check, which compares no index with its table.
  const row = db.prepare('PRAGMA integrity_check(1)').get() as { readonly integrity_check: string }
  if (row.integrity_check !== 'ok') throw damaged(row.integrity_check)
  ours ??= oursOf()
  if (shapeOf(db) !== (await ours)) throw damaged('its tables are not those of a tiered cache')
  const [size] = db.all(db.kysely<CacheTables>().selectFrom('cache_entries').select('size_bytes').orderBy('size_bytes', 'desc').limit(1))
  const sequence = db.prepare('SELECT MAX(seq) AS seq FROM sqlite_sequence').get() as { readonly seq: number | null }
  if (Math.max(size?.size_bytes ?? 0, sequence.seq ?? 0) > Number.MAX_SAFE_INTEGER / 2) throw damaged('a number in it is too large')
  const miscounted = `SELECT 1 FROM cache_totals WHERE entries <> (SELECT COUNT(*) FROM cache_entries)
                      OR size_bytes <> (SELECT COALESCE(SUM(size_bytes), 0) FROM cache_entries)`
  if (db.prepare(miscounted).get()) throw damaged('its totals are not those of its entries')
}

let ours: Promise<string> | undefined

/** The shape of a database that was made now. */
async function oursOf(): Promise<string> {
  using db = await openSqlite({ path: ':memory:' })
  await migrate(db)
  return shapeOf(db)
}

/** Tables, columns, keys, references and triggers, as SQLite understands them; versions before may have spelled them otherwise. */
function shapeOf(db: SqliteDatabase): string {
  const about = (pragma: string, columns: string): unknown[] =>
    db
      .prepare(
        `SELECT t.name AS "table", ${columns} FROM sqlite_schema t JOIN ${pragma}(t.name) p WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' ORDER BY 1, 2, 3`
      )
      .all()
  return JSON.stringify([
    about('pragma_table_info', 'p.cid, p.name, lower(p.type) AS type, p."notnull", p.pk'),
    about('pragma_foreign_key_list', 'p."from", p."table" AS target, p."to", p.on_delete'),
    db.prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY 1").all(),
    about('pragma_index_list', 'p."unique", p.origin, (SELECT group_concat(name) FROM pragma_index_info(p.name)) AS columns')
  ])
}

function damaged(what: string): Error {
  return Object.assign(new Error(what), { code: 'SQLITE_CORRUPT' })
}

function pragma(db: SqliteDatabase, name: 'user_version' | 'application_id'): number {
  // The statement has one integer column of the pragma's name.
  return (db.prepare(`PRAGMA ${name}`).get() as Record<string, number>)[name] ?? 0
}
