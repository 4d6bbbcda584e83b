import { asWorker, workerState } from '@rxtuna/core/node'
import { fromPythonJson } from '@rxtuna/core/python'
import type { SqliteDatabase, SqliteStatement } from '@rxtuna/core/sqlite'
import { storedTime } from './encoding.ts'
import type { StudyView } from './study-view.ts'
import type { TrialWriter } from './trial-writer.ts'

/** A trial that a dead worker left running, and the text that stood for that worker. */
export interface Orphan {
  readonly number: number
  readonly worker: string
}

/** Takes trials that exist: each has one winner, because every step asks for the state that was seen. */
export class Taking {
  readonly #own: string
  readonly #clock: () => number
  readonly #writer: TrialWriter
  readonly #start: SqliteStatement
  readonly #restart: SqliteStatement
  readonly #setWorker: SqliteStatement

  constructor(db: SqliteDatabase, writer: TrialWriter, own: string, clock: () => number) {
    this.#own = own
    this.#clock = clock
    this.#writer = writer
    this.#start = db.prepare("UPDATE trials SET state = 'RUNNING', datetime_start = ? WHERE trial_id = ? AND state = 'WAITING'")
    this.#restart = db.prepare(
      `UPDATE trials SET datetime_start = ? WHERE trial_id = ? AND state = 'RUNNING' AND EXISTS (SELECT 1 FROM trial_system_attributes a WHERE a.trial_id = trials.trial_id AND a."key" = 'rxtuna:worker' AND a.value_json = ?)`
    )
    this.#setWorker = db.prepare(
      `INSERT INTO trial_system_attributes (trial_id, "key", value_json) VALUES (?, 'rxtuna:worker', ?) ON CONFLICT (trial_id, "key") DO UPDATE SET value_json = excluded.value_json`
    )
  }

  /** What dead workers of this host left running, lowest number first. Asks once for each worker whether it lives. */
  orphans(view: StudyView): readonly Orphan[] {
    const asked = new Map<string, boolean>()
    const found: Orphan[] = []
    for (const [number, { worker }] of view.running) {
      if (worker === undefined || worker === this.#own) continue
      let dead = asked.get(worker)
      if (dead === undefined) {
        dead = isDead(worker)
        asked.set(worker, dead)
      }
      if (dead) found.push({ number, worker })
    }
    return found.sort((a, b) => a.number - b.number)
  }

  /** Takes the first of these, else the next that waits, inside the caller's write transaction. Gives the id. */
  take(view: StudyView, orphans: readonly Orphan[]): number | undefined {
    return this.#takeOrphan(view, orphans) ?? this.#takeWaiting(view)
  }

  /** Writes that this worker runs a trial. */
  claim(id: number): void {
    this.#setWorker.run(id, this.#own)
  }

  #takeOrphan(view: StudyView, orphans: readonly Orphan[]): number | undefined {
    for (const { number, worker } of orphans) {
      const trial = view.running.get(number)
      if (trial?.worker !== worker) continue
      if (this.#restart.run(storedTime(this.#clock()), trial.id, worker).changes === 0) {
        view.recheck(number, trial.id)
        continue
      }
      this.#writer.clear(trial.id)
      this.claim(trial.id)
      return trial.id
    }
    return undefined
  }

  #takeWaiting(view: StudyView): number | undefined {
    // `recheck` may take entries away, which the iteration of a map allows.
    for (const [number, id] of view.waiting) {
      if (this.#start.run(storedTime(this.#clock()), id).changes === 0) {
        view.recheck(number, id)
        continue
      }
      this.claim(id)
      return id
    }
    return undefined
  }
}

function isDead(text: string): boolean {
  const worker = asWorker(parsed(text))
  return worker !== undefined && workerState(worker) === 'dead'
}

function parsed(text: string): unknown {
  try {
    return fromPythonJson(text)
  } catch {
    // What nobody can read is nobody's to take over.
    return undefined
  }
}
