import { resolve } from 'node:path'
import type { StorageFactory } from '@rxtuna/core'
import { openSqlite } from '@rxtuna/core/sqlite'
import { rdbError } from './errors.ts'
import { ensureSchema } from './schema.ts'
import { sqliteStorage } from './sqlite-storage.ts'

export interface SqliteStorageOptions {
  /** Milliseconds since the epoch, for the times of trials. Default `Date.now`. */
  readonly clock?: () => number
  /** Seconds of waiting for another process's lock in all. Default 10. */
  readonly busySeconds?: number
}

/**
 * Studies in one SQLite file, in Optuna's own tables: Python's Optuna and optuna-dashboard open what this writes, and the reverse.
 * A relative path starts at the working directory; the directory must exist, the file need not. `:memory:` lives as long as it is open.
 * Opening rejects with a sentence for a file of another kind, tables of another version, and what cannot be written.
 */
export function sqlite(path: string, options: SqliteStorageOptions = {}): StorageFactory {
  if (typeof path !== 'string' || path === '') throw rdbError('RDB_PATH', path)
  const { clock = Date.now, busySeconds = 10 } = options
  const absolute = path === ':memory:' ? path : resolve(path)
  return async () => {
    const db = await openSqlite({ path: absolute, busySeconds })
    try {
      await ensureSchema(db)
      return sqliteStorage(db, clock)
    } catch (error) {
      db[Symbol.dispose]()
      throw error
    }
  }
}
