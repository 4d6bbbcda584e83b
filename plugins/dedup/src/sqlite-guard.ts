import { asWorker, workerState } from '@rxtuna/core/node'
import { openSqlite, type SqliteDatabase } from '@rxtuna/core/sqlite'
import { dedupError } from './errors.ts'
import type { Claim, Owner, SignatureGuard } from './guard.ts'
import { assertSignatures } from './signature.ts'

interface Row {
  readonly signature: Buffer
  readonly study: string
  readonly trial: number
  readonly worker: string
  readonly known: number
  readonly renewed: number
}

const leaseMs = 60_000
const schema = `CREATE TABLE IF NOT EXISTS dedup_claims (
  signature BLOB PRIMARY KEY, study TEXT NOT NULL, trial INTEGER NOT NULL, worker TEXT NOT NULL, known INTEGER NOT NULL, renewed INTEGER NOT NULL
) WITHOUT ROWID`

/**
 * Claims in a SQLite file that processes of one host share, or of several hosts on one disk. `path`: its directory must exist.
 * `clock`: milliseconds since the epoch, for tests.
 */
export async function openSqliteGuard(options: { readonly path: string; readonly clock?: () => number }): Promise<SignatureGuard> {
  const { path, clock = Date.now } = options ?? {}
  if (typeof path !== 'string' || path === '') throw dedupError('GUARD_PATH', path)
  const db = await openSqlite({ path })
  try {
    await db.write(() => db.exec(schema))
  } catch (error) {
    db[Symbol.dispose]()
    throw error
  }
  return new SqliteGuard(db, clock)
}

class SqliteGuard implements SignatureGuard {
  readonly #db: SqliteDatabase
  readonly #clock: () => number
  /** What is written together, once the present turn of the event loop is over. */
  #batch: { readonly work: (() => void)[]; readonly written: Promise<void> } | undefined
  readonly #writing = new Set<Promise<unknown>>()

  constructor(db: SqliteDatabase, clock: () => number) {
    this.#db = db
    this.#clock = clock
  }

  async claim(signature: string, by: Owner): Promise<Claim> {
    const key = keyOf(signature)
    return this.#write((): Claim => {
      const inserted = this.#insert(key, by, 0)
      if (inserted) return { kind: 'mine' }
      const row = this.#select(key) as Row
      const own = row.study === by.study && row.trial === by.trial
      if (!own && (row.known === 1 || !this.#isLost(row))) return claimOf(row)
      this.#db
        .prepare('UPDATE dedup_claims SET study = ?, trial = ?, worker = ?, known = 0, renewed = ? WHERE signature = ?')
        .run(by.study, by.trial, by.worker, this.#clock(), key)
      return own ? { kind: 'mine' } : { kind: 'mine', from: ownerOf(row) }
    })
  }

  async settle(signature: string, by: Owner): Promise<void> {
    const key = keyOf(signature)
    return this.#together(() => {
      // A claim that was lost with a crash is entered anew.
      if (this.#insert(key, by, 1)) return
      this.#db.prepare('UPDATE dedup_claims SET known = 1 WHERE signature = ? AND study = ? AND trial = ?').run(key, by.study, by.trial)
    })
  }

  async release(signature: string, by: Owner): Promise<void> {
    const key = keyOf(signature)
    return this.#together(() => {
      this.#db
        .prepare('DELETE FROM dedup_claims WHERE signature = ? AND study = ? AND trial = ? AND worker = ?')
        .run(key, by.study, by.trial, by.worker)
    })
  }

  renew(by: readonly Owner[]): Promise<void> {
    return this.#together(() => {
      const statement = this.#db.prepare('UPDATE dedup_claims SET renewed = ?, worker = ? WHERE study = ? AND trial = ? AND known = 0')
      for (const { study, trial, worker } of by) statement.run(this.#clock(), worker, study, trial)
    })
  }

  async lookup(signatures: readonly string[]): Promise<ReadonlyMap<string, Claim>> {
    const found = new Map<string, Claim>()
    await this.#db.read(() => {
      for (const signature of signatures) {
        const row = this.#select(keyOf(signature))
        if (row) found.set(signature, claimOf(row))
      }
    })
    return found
  }

  async addMany(signatures: readonly string[], by: Owner): Promise<number> {
    const keys = signatures.map(keyOf)
    return this.#write(() => {
      let added = 0
      for (const key of keys) if (this.#insert(key, by, 1)) added++
      return added
    })
  }

  async count(): Promise<number> {
    const row = this.#db.prepare('SELECT count(*) AS count FROM dedup_claims').get() as { readonly count: number }
    return row.count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A write that waits for a lock is still under way, however it ends for its caller.
    await this.#batch?.written.catch(() => undefined)
    await Promise.allSettled(this.#writing)
    this.#db[Symbol.dispose]()
  }

  #insert(key: Buffer, { study, trial, worker }: Owner, known: 0 | 1): boolean {
    const sql = 'INSERT INTO dedup_claims VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING'
    return this.#db.prepare(sql).run(key, study, trial, worker, known, this.#clock()).changes === 1
  }

  #select(key: Buffer): Row | undefined {
    return this.#db.prepare('SELECT * FROM dedup_claims WHERE signature = ?').get(key) as Row | undefined
  }

  #isLost({ worker, renewed }: Row): boolean {
    const known = asWorker(parsed(worker))
    const state = known ? workerState(known) : 'unknown'
    return state === 'dead' || (state === 'unknown' && this.#clock() - renewed > leaseMs)
  }

  #write<T>(work: () => T): Promise<T> {
    const written = this.#db.write(work)
    this.#writing.add(written)
    const ended = (): void => void this.#writing.delete(written)
    written.then(ended, ended)
    return written
  }

  #together(work: () => void): Promise<void> {
    if (!this.#batch) {
      const batch: (() => void)[] = []
      const written = Promise.resolve().then(() => {
        this.#batch = undefined
        return this.#write(() => {
          for (const step of batch) step()
        })
      })
      this.#batch = { work: batch, written }
    }
    this.#batch.work.push(work)
    return this.#batch.written
  }
}

const ownerOf = ({ study, trial, worker }: Row): Owner => ({ study, trial, worker })
const claimOf = (row: Row): Claim => ({ kind: row.known === 1 ? 'known' : 'running', by: ownerOf(row) })

function keyOf(signature: string): Buffer {
  assertSignatures([signature])
  return Buffer.from(signature, 'hex')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
