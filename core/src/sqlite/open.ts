import type { Compilable, Kysely } from 'kysely'
import { abortable } from '../cache/abortable.ts'
import { StudyError } from '../errors.ts'
import { sentences } from './sentences.ts'

/** A prepared statement, kept by whoever runs it often. */
export interface SqliteStatement {
  run(...parameters: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: number | bigint }
  get(...parameters: readonly unknown[]): unknown
  all(...parameters: readonly unknown[]): unknown[]
  iterate(...parameters: readonly unknown[]): IterableIterator<unknown>
}

export interface SqliteOptions {
  /** A path, or `:memory:`. The directory must exist. */
  readonly path: string
  /** Seconds of waiting for another process's lock in all. Default 10. */
  readonly busySeconds?: number
}

/**
 * A database that is opened the way all of us open one: WAL, `synchronous=NORMAL`, a page cache of 10 MB, foreign keys on.
 * What a resolved `write` wrote survives `kill -9`.
 */
export interface SqliteDatabase extends Disposable {
  readonly path: string
  /** Prepared once per text and kept. */
  prepare(sql: string): SqliteStatement
  /** Runs one or more statements without parameters. */
  exec(sql: string): void
  /** Reads in one snapshot. Waits for a lock without blocking the event loop. */
  read<T>(work: () => T, signal?: AbortSignal): Promise<T>
  /** Runs `work`, which is synchronous, in one `BEGIN IMMEDIATE` transaction: all of it or nothing. Waits for a lock without blocking the event loop. */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>
  /** A query builder on the same connection, for statements that are not hot: `all` and `run` take what it builds. */
  kysely<Tables>(): Kysely<Tables>
  /** The rows of a statement that the builder built; at once, so inside `read` and `write`, too. */
  all<Row>(query: Compilable<Row>): Row[]
  /** Runs a statement that the builder built. */
  run(query: Compilable<unknown>): ReturnType<SqliteStatement['run']>
  /** Changes when another connection has written. */
  dataVersion(): number
}

// A lock is waited for in short blocking steps with pauses between them, because the driver blocks the event loop while it waits.
const blockingMs = 20
const firstPauseMs = 2
const longestPauseMs = 100

/**
 * Opens a database, creating the file if there is none. Rejects with a sentence for an old Node, a missing driver, a file of another kind,
 * a directory that is missing or read-only, and a lock that is held for longer than `busySeconds`.
 */
export async function openSqlite({ path, busySeconds = 10 }: SqliteOptions): Promise<SqliteDatabase> {
  const Database = await driver()
  const open = () => {
    const db = new Database(path, { timeout: blockingMs })
    try {
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = NORMAL')
      db.pragma('cache_size = -10240')
      db.pragma('foreign_keys = ON')
      db.pragma('wal_autocheckpoint = 10000')
      // A file that is read-only to us opens and reads; say so now rather than at the first trial.
      db.exec('BEGIN IMMEDIATE; COMMIT')
      return db
    } catch (error) {
      db.close()
      throw error
    }
  }
  const waiter = new LockWaiter(path, busySeconds)
  const db = await waiter.run(open)
  const statements = new Map<string, SqliteStatement>()
  const kysely = await builder(db)
  const begin = db.prepare('BEGIN')
  const beginWrite = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const version = db.prepare('PRAGMA data_version').pluck()
  const inTransaction = <T>(start: SqliteStatement, work: () => T): T => {
    start.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
  const prepare = (sql: string): SqliteStatement => {
    let statement = statements.get(sql)
    if (!statement) {
      statement = db.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }
  return {
    path,
    prepare,
    exec: sql => {
      db.exec(sql)
    },
    read: (work, signal) => waiter.run(() => inTransaction(begin, work), signal),
    write: (work, signal) => waiter.run(() => inTransaction(beginWrite, work), signal),
    kysely: <Tables>() => kysely as Kysely<Tables>,
    all: <Row>(query: Compilable<Row>) => {
      const { sql, parameters } = query.compile()
      // The builder's own type of the rows that this statement returns.
      return prepare(sql).all(...parameters) as Row[]
    },
    run: query => {
      const { sql, parameters } = query.compile()
      return prepare(sql).run(...parameters)
    },
    dataVersion: () => version.get() as number,
    [Symbol.dispose]: () => {
      if (db.open) db.close()
    }
  }
}

async function driver(): Promise<typeof import('better-sqlite3')> {
  const [major = '0'] = process.versions.node.split('.')
  if (Number(major) < 24) throw new StudyError('NODE_TOO_OLD', sentences.NODE_TOO_OLD(process.versions.node))
  try {
    return (await import('better-sqlite3')).default
  } catch (cause) {
    throw new StudyError('SQLITE_DRIVER', sentences.SQLITE_DRIVER(), { cause })
  }
}

async function builder(database: import('better-sqlite3').Database): Promise<Kysely<unknown>> {
  const { Kysely, SqliteDialect } = await import('kysely')
  return new Kysely<unknown>({ dialect: new SqliteDialect({ database }) })
}

/** Waits for another process's lock. One at a time tries for all who wait, because each attempt blocks the event loop. */
class LockWaiter {
  readonly #path: string
  readonly #seconds: number
  /** While somebody tries. */
  #trying: Promise<void> | undefined
  /** What the last one who tried failed with, if it was the lock. */
  #gaveUp: StudyError | undefined

  constructor(path: string, seconds: number) {
    this.#path = path
    this.#seconds = seconds
  }

  async run<T>(work: () => T, signal?: AbortSignal): Promise<T> {
    const until = performance.now() + this.#seconds * 1000
    while (this.#trying) await abortable(this.#trying, signal)
    signal?.throwIfAborted()
    // Who waited behind one that gave up has waited long enough, too.
    if (this.#gaveUp && performance.now() >= until) throw this.#gaveUp
    try {
      return work()
    } catch (error) {
      if (!isBusy(error)) throw explained(this.#path, error)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#trying = promise
    this.#gaveUp = undefined
    try {
      return await this.#try(work, until, signal)
    } finally {
      this.#trying = undefined
      resolve()
    }
  }

  async #try<T>(work: () => T, until: number, signal: AbortSignal | undefined): Promise<T> {
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      await new Promise(resolve => setTimeout(resolve, pause * (0.5 + Math.random())))
      signal?.throwIfAborted()
      try {
        return work()
      } catch (error) {
        if (!isBusy(error)) throw explained(this.#path, error)
        if (performance.now() < until) continue
        this.#gaveUp = new StudyError('SQLITE_BUSY', sentences.SQLITE_BUSY(this.#path, this.#seconds), { cause: error })
        throw this.#gaveUp
      }
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')
const isBusy = (error: unknown): boolean => /^SQLITE_(BUSY|LOCKED)/.test(codeOf(error))

/** The driver's error as a sentence; what is not about opening or writing the file stays as it is. */
function explained(path: string, error: unknown): unknown {
  const code = codeOf(error)
  const cause = { cause: error }
  if (code === 'SQLITE_NOTADB') return new StudyError('SQLITE_NOT_A_DATABASE', sentences.SQLITE_NOT_A_DATABASE(path), cause)
  if (code.startsWith('SQLITE_CORRUPT')) return new StudyError('SQLITE_CORRUPT', sentences.SQLITE_CORRUPT(path), cause)
  if (code.startsWith('SQLITE_READONLY')) return new StudyError('SQLITE_READ_ONLY', sentences.SQLITE_READ_ONLY(path), cause)
  if (code.startsWith('SQLITE_CANTOPEN') || (error instanceof TypeError && /directory/.test(error.message)))
    return new StudyError('SQLITE_CANNOT_OPEN', sentences.SQLITE_CANNOT_OPEN(path, (error as Error).message), cause)
  return error
}
