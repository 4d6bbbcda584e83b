import { type StudySpec, storageError } from '@rxtuna/core'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import type { StoredState } from './tables.ts'

/** A trial that runs, and the text of who runs it; undefined for one that Python runs. */
export interface RunningTrial {
  readonly id: number
  readonly worker: string | undefined
}
interface NewRow {
  readonly trial_id: number
  readonly number: number
  readonly state: StoredState
  readonly worker: string | null
}

const worker = `(SELECT value_json FROM trial_system_attributes a WHERE a.trial_id = t.trial_id AND a."key" = 'rxtuna:worker') AS worker`

/**
 * What one connection knows of a study: the last row, which trials are unfinished, and what changed since. There is no index on a trial's
 * state, so finding this by query would scan the table. `sync` is called inside a transaction and takes over what others committed.
 */
export class StudyView {
  readonly id: number
  readonly name: string
  readonly objectives: number
  /** The number of the next trial. */
  next = 0
  lastId = 0
  /** The database's version at the last `sync`. */
  version = -1
  readonly running: Map<number, RunningTrial> = new Map()
  /** Ids by number, in the order of numbers. */
  readonly waiting: Map<number, number> = new Map()
  /** Ids of trials, in the order of what happened to them after they were created. */
  changes: number[] = []
  /** Another object when the study was removed and created anew. */
  epoch: object = {}
  readonly #db: SqliteDatabase
  readonly #own: string

  constructor(db: SqliteDatabase, study: { readonly id: number; readonly spec: StudySpec }, own: string) {
    this.#db = db
    this.#own = own
    this.id = study.id
    this.name = study.spec.name
    this.objectives = study.spec.directions.length
  }

  /** Takes over what others committed; throws when the study is gone. */
  sync(): void {
    const version = this.#db.dataVersion()
    if (version !== this.version) {
      const study = this.#db.prepare('SELECT study_name FROM studies WHERE study_id = ?').get(this.id) as { study_name: string } | undefined
      if (study?.study_name !== this.name) throw storageError('STUDY_UNKNOWN', this.name)
    }
    const last = this.#db
      .prepare('SELECT trial_id, number FROM trials WHERE study_id = ? AND trial_id >= ? ORDER BY trial_id DESC LIMIT 1')
      .get(this.id, this.lastId) as { trial_id: number; number: number } | undefined
    if (this.lastId > 0 && (last === undefined || last.number < this.next - 1)) {
      this.#startAnew()
      this.sync()
      return
    }
    if (version !== this.version) this.#syncUnfinished()
    this.version = version
    if (last && last.trial_id > this.lastId) this.#syncNew(last)
  }

  /** Takes over a trial's own state after it turned out to be another one than was known. */
  recheck(number: number, id: number): void {
    const row = this.#db.prepare(`SELECT state, ${worker} FROM trials t WHERE trial_id = ?`).get(id) as
      | Pick<NewRow, 'state' | 'worker'>
      | undefined
    this.changed(number, id, row?.state ?? 'FAIL', row?.worker ?? undefined)
  }

  /** Notes a new trial of one's own, after its transaction. */
  created(number: number, id: number, state: StoredState, by: string | undefined): void {
    // A `sync` between the transaction and this call saw it already, and perhaps more.
    if (number < this.next) return
    this.next = number + 1
    this.lastId = id
    this.#note(number, id, state, by)
  }

  /** Notes that something was added to a trial. */
  touched(id: number): void {
    this.changes.push(id)
  }

  /** Notes another state of a trial. */
  changed(number: number, id: number, state: StoredState, by: string | undefined): void {
    this.#note(number, id, state, by)
    this.changes.push(id)
  }

  #note(number: number, id: number, state: StoredState, by: string | undefined): void {
    if (state === 'RUNNING') this.running.set(number, { id, worker: by })
    else this.running.delete(number)
    if (state === 'WAITING') this.waiting.set(number, id)
    else this.waiting.delete(number)
  }

  #syncUnfinished(): void {
    for (const [number, trial] of this.running) {
      const { state } = (this.#db.prepare('SELECT state FROM trials WHERE trial_id = ?').get(trial.id) as { state: StoredState }) ?? {}
      // Others may have added to a trial that still runs; what we run only we change.
      if (state !== 'RUNNING' || trial.worker !== this.#own) this.changed(number, trial.id, state ?? 'FAIL', trial.worker)
    }
    if (this.waiting.size === 0) return
    const taken = this.#db
      .prepare(
        `SELECT t.trial_id, t.number, t.state, ${worker} FROM json_each(?) j CROSS JOIN trials t ON t.trial_id = j.value WHERE t.state != 'WAITING'`
      )
      .all(JSON.stringify([...this.waiting.values()])) as NewRow[]
    for (const row of taken) this.changed(row.number, row.trial_id, row.state, row.worker ?? undefined)
  }

  #syncNew(last: { readonly trial_id: number; readonly number: number }): void {
    const rows = this.#db
      .prepare(
        `SELECT t.trial_id, t.number, t.state, ${worker} FROM trials t WHERE study_id = ? AND trial_id > ? AND state IN ('RUNNING', 'WAITING') ORDER BY trial_id`
      )
      .all(this.id, this.lastId) as NewRow[]
    for (const row of rows) this.#note(row.number, row.trial_id, row.state, row.worker ?? undefined)
    this.lastId = last.trial_id
    this.next = last.number + 1
  }

  #startAnew(): void {
    this.next = 0
    this.lastId = 0
    this.running.clear()
    this.waiting.clear()
    this.changes = []
    this.epoch = {}
  }
}
