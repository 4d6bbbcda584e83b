import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { createTables } from './ddl.ts'
import { rdbError } from './errors.ts'

/** The revision of Optuna's tables since version 3.2. */
const revision = 'v3.2.0.a'
const schemaVersion = 12
const libraryVersion = '5.0.0'

/** Makes sure that a database holds Optuna's tables: creates them where they are missing, rejects for those of another version. */
export async function ensureSchema(db: SqliteDatabase): Promise<void> {
  if (await db.read(() => isCurrent(db))) return
  await db.write(() => {
    // Another process may have been faster.
    if (isCurrent(db)) return
    db.exec(createTables)
    const versions = db.prepare('SELECT count(*) AS count FROM version_info').get() as { count: number }
    if (versions.count === 0) db.prepare('INSERT INTO version_info VALUES (1, ?, ?)').run(schemaVersion, libraryVersion)
    db.prepare('INSERT INTO alembic_version SELECT ? WHERE NOT EXISTS (SELECT 1 FROM alembic_version)').run(revision)
  })
}

/** False for a database that has none of the tables, or not all; throws for one whose tables are of another version or kind. */
function isCurrent(db: SqliteDatabase): boolean {
  const tables = new Set(
    (db.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as { name: string }[]).map(({ name }) => name)
  )
  for (const [table, column] of [
    ['studies', 'study_name'],
    ['trials', 'number']
  ] as const) {
    if (!tables.has(table)) continue
    const columns = db.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[]
    if (!columns.some(({ name }) => name === column)) throw rdbError('RDB_OTHER_TABLES', db.path, table)
  }
  const stamped = tables.has('alembic_version')
    ? (db.prepare('SELECT version_num FROM alembic_version LIMIT 1').get() as { version_num: string } | undefined)
    : undefined
  if (stamped && stamped.version_num !== revision) throw rdbError('RDB_SCHEMA_VERSION', db.path, revision, stamped.version_num)
  const info = tables.has('version_info')
    ? (db.prepare('SELECT schema_version FROM version_info LIMIT 1').get() as { schema_version: number } | undefined)
    : undefined
  if (!stamped && info && info.schema_version !== schemaVersion)
    throw rdbError('RDB_SCHEMA_VERSION', db.path, revision, `none, and schema version ${info.schema_version}`)
  return stamped !== undefined && info !== undefined && tables.has('trials') && tables.has('trial_heartbeats')
}
