import { type Worker, workerState } from '@rxtuna/core/node'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { workerOf } from './worker-text.ts'

/** What claiming a key came to: the lease is ours, another worker loads it now, or its table is there already. */
export type Claim = 'mine' | 'taken' | 'present'

export interface LeaseOptions {
  readonly db: SqliteDatabase
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

// Renewed well within the time after which a worker of another host, whose process cannot be seen from here, counts as dead.
const renewMs = 15_000
const expiryMs = 60_000

/**
 * One loader per key among all processes on one database. A dead worker's lease is taken over at once, any other a minute after its last renewal: it may
 * be that of another host, or of a thread that has ended. One that could not be given back is given back later.
 */
export class Leases implements Disposable {
  readonly #db: SqliteDatabase
  readonly #text: string
  readonly #clock: () => number
  readonly #held = new Set<string>()
  /** What could not be given back yet. */
  readonly #owed = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor({ db, worker, clock }: LeaseOptions) {
    this.#db = db
    this.#text = JSON.stringify(worker)
    this.#clock = clock
  }

  /** One atomic step; `request` is what the entry must have been made for to count as present, and `laterThan` (milliseconds since the epoch) what it must have been loaded after. */
  async claim(key: string, request: string, laterThan: number = Number.NEGATIVE_INFINITY): Promise<Claim> {
    const claim = await this.#write((): Claim => {
      const present = this.#db.prepare('SELECT 1 FROM cache_entries WHERE cache_key = ? AND request = ? AND created_at > ?')
      // Times are stored as seconds, whose fractions are not exactly those of milliseconds.
      const after = (laterThan + 0.5) / 1000
      if (present.get(key, request, after)) return 'present'
      // The statement names its columns like the type's keys.
      const row = this.#db.prepare('SELECT worker, renewed_at AS renewedAt FROM leases WHERE cache_key = ?').get(key) as Lease | undefined
      if (row && this.#isLive(row)) return 'taken'
      this.#db
        .prepare('INSERT OR REPLACE INTO leases (cache_key, worker, renewed_at) VALUES (?, ?, ?)')
        .run(key, this.#text, this.#clock() / 1000)
      return 'mine'
    })
    if (claim === 'mine') this.#hold(key)
    return claim
  }

  /** Gives a lease up; one that another worker took over stays. Rejects when that cannot be written, and then tries again by itself. */
  async release(key: string): Promise<void> {
    this.#held.delete(key)
    this.#owed.add(key)
    await this.#write(() => {})
    if (this.#held.size === 0) this[Symbol.dispose]()
  }

  /** Stops renewing. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #hold(key: string): void {
    this.#held.add(key)
    this.#timer ??= setInterval(() => void this.#renew(), renewMs).unref()
  }

  async #renew(): Promise<void> {
    const keys = JSON.stringify([...this.#held])
    const renew = this.#db.prepare('UPDATE leases SET renewed_at = ? WHERE worker = ? AND cache_key IN (SELECT value FROM json_each(?))')
    try {
      await this.#write(() => renew.run(this.#clock() / 1000, this.#text, keys))
      if (this.#held.size === 0) this[Symbol.dispose]()
    } catch {
      // The next one tries again; at worst another worker loads the same table, which harms nobody.
    }
  }

  /** In one transaction with what is owed. */
  async #write<T>(work: () => T): Promise<T> {
    const giveBack = this.#db.prepare('DELETE FROM leases WHERE cache_key = ? AND worker = ?')
    let owed: readonly string[] = []
    const result = await this.#db.write(() => {
      owed = [...this.#owed]
      for (const key of owed) giveBack.run(key, this.#text)
      return work()
    })
    for (const key of owed) this.#owed.delete(key)
    return result
  }

  #isLive({ worker: text, renewedAt }: Lease): boolean {
    const worker = workerOf(text)
    return worker !== undefined && workerState(worker) !== 'dead' && Math.abs(this.#clock() - renewedAt * 1000) < expiryMs
  }
}

interface Lease {
  readonly worker: string
  readonly renewedAt: number
}
