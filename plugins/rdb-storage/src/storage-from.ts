import type { StorageFactory } from '@rxtuna/core'
import { rdbError } from './errors.ts'
import { type SqliteStorageOptions, sqlite } from './sqlite.ts'

/**
 * A storage from a URL as Optuna writes them: `sqlite:///study.db` is relative to the working directory, `sqlite:////data/study.db` absolute,
 * `sqlite://` in memory. Throws `StudyError` with a sentence for any other URL.
 */
export function storageFrom(url: string, options: SqliteStorageOptions = {}): StorageFactory {
  const [, scheme, rest] = (typeof url === 'string' && /^([a-z]+)(?:\+\w+)?:\/\/(.*)$/s.exec(url)) || []
  if (scheme === 'postgresql' || scheme === 'postgres' || scheme === 'mysql' || scheme === 'mariadb')
    throw rdbError('RDB_URL_SERVER', scheme)
  if (scheme !== 'sqlite' || rest === undefined) throw rdbError('RDB_URL', url)
  if (rest.includes('?')) throw rdbError('RDB_URL_OPTIONS', url)
  if (rest === '' || rest === '/' || rest === '/:memory:') return sqlite(':memory:', options)
  if (!rest.startsWith('/')) throw rdbError('RDB_URL', url)
  return sqlite(rest.slice(1), options)
}
