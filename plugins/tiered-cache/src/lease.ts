import { asWorker, type Worker, workerState } from '@rxtuna/core/node'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'

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

/** One loader per key among all processes on one database. A dead worker's lease is taken over at once, that of another host a minute after its last renewal. */
export class Leases implements Disposable {
  readonly #db: SqliteDatabase
  readonly #worker: Worker
  readonly #text: string
  readonly #clock: () => number
  readonly #held = new Set<string>()
  #timer: NodeJS.Timeout | undefined

  constructor({ db, worker, clock }: LeaseOptions) {
    this.#db = db
    this.#worker = worker
    this.#text = JSON.stringify(worker)
    this.#clock = clock
  }

  /** One atomic step; `request` is what the entry must have been made for to count as present, and `laterThan` (milliseconds since the epoch) what it must have been loaded after. */
  async claim(key: string, request: string, laterThan: number = Number.NEGATIVE_INFINITY): Promise<Claim> {
    const claim = await this.#db.write((): Claim => {
      const present = this.#db.prepare('SELECT 1 FROM cache_entries WHERE cache_key = ? AND request = ? AND created_at > ?')
      // Times are stored as seconds, whose fractions are not exactly those of milliseconds.
      const after = (laterThan + 0.5) / 1000
      if (present.get(key, request, after)) return 'present'
      const row = this.#db.prepare('SELECT worker, renewed_at AS renewedAt FROM leases WHERE cache_key = ?').get(key)
      // The statement names its columns like the type's keys.
      if (row && this.#isLive(row as { readonly worker: string; readonly renewedAt: number })) return 'taken'
      this.#db
        .prepare('INSERT OR REPLACE INTO leases (cache_key, worker, renewed_at) VALUES (?, ?, ?)')
        .run(key, this.#text, this.#clock() / 1000)
      return 'mine'
    })
    if (claim === 'mine') this.#hold(key)
    return claim
  }

  /** Gives a lease up; one that another worker took over stays. */
  async release(key: string): Promise<void> {
    this.#held.delete(key)
    if (this.#held.size === 0) this[Symbol.dispose]()
    await this.#db.write(() => this.#db.prepare('DELETE FROM leases WHERE cache_key = ? AND worker = ?').run(key, this.#text))
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
      await this.#db.write(() => renew.run(this.#clock() / 1000, this.#text, keys))
    } catch {
      // The next one tries again; at worst another host loads the same table, which harms nobody.
    }
  }

  #isLive({ worker: text, renewedAt }: { readonly worker: string; readonly renewedAt: number }): boolean {
    const worker = parse(text)
    const state = worker ? workerState(worker) : 'dead'
    return (
      state === 'alive' ||
      (state === 'unknown' && Math.abs(this.#clock() - renewedAt * 1000) < expiryMs && worker?.host !== this.#worker.host)
    )
  }
}

function parse(text: string): Worker | undefined {
  try {
    return asWorker(JSON.parse(text))
  } catch {
    return undefined
  }
}
