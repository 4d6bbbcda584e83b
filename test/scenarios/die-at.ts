// Loaded before a program: it dies by SIGKILL at the moment that RXTUNA_TEST_DIE_AT names, as if the machine had lost its power.
import files from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import Database from 'better-sqlite3'

/** The first directory made; the Parquet file's rename; or a database's transaction, counted from 1, before or after it is committed. */
export type Moment =
  | { readonly at: 'mkdir' }
  | { readonly at: 'rename' | 'commit'; readonly when: 'before' | 'after'; readonly count?: number }

const moment: Moment = JSON.parse(process.env.RXTUNA_TEST_DIE_AT ?? '{}')
const die = (): void => void process.kill(process.pid, 'SIGKILL')

if (moment.at === 'mkdir') fs.mkdir = () => gone()
else if (moment.at === 'rename') {
  const { renameSync } = files
  files.renameSync = (from, to) => {
    const isTable = String(to).endsWith('.parquet')
    if (isTable && moment.when === 'before') die()
    renameSync(from, to)
    if (isTable) die()
  }
} else if (moment.at === 'commit') {
  const { prepare } = Database.prototype
  let count = 0
  Database.prototype.prepare = function (this: Database.Database, sql: string) {
    const statement = prepare.call(this, sql)
    if (sql !== 'COMMIT') return statement
    // The types name the params of other statements; this one has none.
    const run = statement.run.bind(statement) as () => Database.RunResult
    statement.run = () => {
      const isLast = ++count === moment.count
      if (isLast && moment.when === 'before') die()
      const result = run()
      if (isLast) die()
      return result
    }
    return statement
  } as typeof prepare
}
syncBuiltinESMExports()

/** Nobody waits for this. */
function gone(): Promise<never> {
  die()
  return new Promise(() => {})
}
