import { assertValues, type StudyStorage, storageError, type TrialEnd } from '@rxtuna/core'
import { openWorker } from '@rxtuna/core/node'
import { toPythonJson } from '@rxtuna/core/python'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import { DistributionTexts, stateOf, storedState, storedTime } from './encoding.ts'
import { readSince, type SqliteCursor } from './read-since.ts'
import { Studies } from './studies.ts'
import { StudyView } from './study-view.ts'
import type { StoredState } from './tables.ts'
import { Taking } from './taking.ts'
import { TrialReader } from './trial-reader.ts'
import { TrialWriter } from './trial-writer.ts'

/** A storage on an open database that holds Optuna's tables; it closes the database with itself. `clock`: milliseconds since the epoch. */
export function sqliteStorage(db: SqliteDatabase, clock: () => number): StudyStorage {
  const opened = openWorker()
  const own = toPythonJson({ ...opened.worker }, 'rxtuna:worker')
  const texts = new DistributionTexts()
  const studies = new Studies(db)
  const reader = new TrialReader(db, texts)
  const writer = new TrialWriter(db, texts)
  const taking = new Taking(db, writer, own, clock)
  const views = new Map<string, StudyView>()

  const insertTrial = db.prepare('INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES (?, ?, ?, ?, ?)')
  const finishTrial = db.prepare("UPDATE trials SET state = ?, datetime_complete = ? WHERE trial_id = ? AND state = 'RUNNING'")
  const findTrial = db.prepare('SELECT trial_id FROM trials WHERE study_id = ? AND number = ?')
  const findState = db.prepare('SELECT state FROM trials WHERE trial_id = ?')

  const viewOf = async (name: string): Promise<StudyView> => {
    const known = views.get(name)
    if (known) return known
    const study = await db.read(() => studies.find(name))
    if (!study) throw storageError('STUDY_UNKNOWN', name)
    // Another call may have been faster.
    const view = views.get(name) ?? new StudyView(db, study, own)
    views.set(name, view)
    return view
  }
  const forget = (name: string): void => {
    views.delete(name)
    reader.forget()
  }
  /** Runs `work` on a study that is known; when it turns out to be gone, what was known is forgotten. */
  const within = async <T>(name: string, work: (view: StudyView) => Promise<T>): Promise<T> => {
    const view = await viewOf(name)
    try {
      return await work(view)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'STUDY_UNKNOWN') forget(name)
      throw error
    }
  }
  const idOf = (view: StudyView, number: number): number => {
    const known = view.running.get(number)?.id ?? view.waiting.get(number)
    const id = known ?? (findTrial.get(view.id, number) as { trial_id: number } | undefined)?.trial_id
    if (id === undefined) throw storageError('TRIAL_UNKNOWN', number, view.name)
    return id
  }
  const assertRunning = (view: StudyView, number: number, id: number): void => {
    const row = findState.get(id) as { state: StoredState } | undefined
    if (!row) throw storageError('TRIAL_UNKNOWN', number, view.name)
    if (row.state !== 'RUNNING') throw storageError('TRIAL_NOT_RUNNING', number, stateOf[row.state])
  }
  const addEnd = (view: StudyView, id: number, end: TrialEnd): void => {
    if (end.outcome.state === 'complete') assertValues(end.outcome.value, view.objectives)
    writer.add(id, end)
    writer.addOutcome(id, end.outcome, view.objectives)
  }

  return {
    async open(spec, ifExists) {
      let study = await db.read(() => studies.find(spec.name))
      let existed = study !== undefined
      study ??= await db.write(() => {
        const found = studies.find(spec.name)
        existed = found !== undefined
        return found ?? studies.add(spec)
      })
      if (existed && ifExists === 'fail') throw storageError('STUDY_EXISTS', spec.name)
      return study.spec
    },
    studies: () => db.read(() => studies.list()),
    async remove(name) {
      await db.write(() => {
        const study = studies.find(name)
        if (!study) throw storageError('STUDY_UNKNOWN', name)
        studies.remove(study.id)
      })
      forget(name)
    },
    create: (name, trial, at) =>
      within(name, async view => {
        const state = trial.end ? storedState[trial.end.outcome.state] : storedState[trial.state]
        const stored = await db.write(() => {
          view.sync()
          const number = view.next
          if (at !== undefined && at !== number) return undefined
          const now = storedTime(clock())
          const started = state === 'WAITING' ? null : now
          const id = Number(insertTrial.run(number, view.id, state, started, trial.end ? now : null).lastInsertRowid)
          writer.add(id, trial)
          if (trial.end) addEnd(view, id, trial.end)
          if (state === 'RUNNING') taking.claim(id)
          return { id, record: reader.one(id) }
        })
        if (!stored) return undefined
        view.created(stored.record.number, stored.id, state, own)
        if (trial.end) reader.keep(stored.id, stored.record)
        return stored.record
      }),
    take: name =>
      within(name, async view => {
        if (view.version !== db.dataVersion()) await db.read(() => view.sync())
        const orphans = taking.orphans(view)
        if (orphans.length === 0 && view.waiting.size === 0) return undefined
        const taken = await db.write(() => {
          view.sync()
          const id = taking.take(view, orphans)
          return id === undefined ? undefined : { id, record: reader.one(id) }
        })
        if (!taken) return undefined
        view.changed(taken.record.number, taken.id, 'RUNNING', own)
        return taken.record
      }),
    waiting: name =>
      within(name, view =>
        db.read(() => {
          view.sync()
          return reader.many([...view.waiting.values()]).filter(({ state }) => state === 'waiting')
        })
      ),
    update: (name, number, change) =>
      within(name, async view => {
        const id = await db.write(() => {
          const id = idOf(view, number)
          assertRunning(view, number, id)
          writer.add(id, change)
          return id
        })
        view.touched(id)
      }),
    finish: (name, number, end) =>
      within(name, async view => {
        const state = storedState[end.outcome.state]
        const stored = await db.write(() => {
          const id = idOf(view, number)
          if (finishTrial.run(state, storedTime(clock()), id).changes === 0) assertRunning(view, number, id)
          addEnd(view, id, end)
          return { id, record: reader.one(id) }
        })
        view.changed(number, stored.id, state, undefined)
        reader.keep(stored.id, stored.record)
        return stored.record
      }),
    read: (name, since, limit = Number.POSITIVE_INFINITY) =>
      within(name, async view => {
        // A cursor is what this function returned before; one of another handle, or of a study that was removed, stands at the beginning.
        const cursor = since as SqliteCursor | undefined
        if (cursor?.epoch === view.epoch && cursor.after === view.lastId && cursor.at === view.changes.length)
          if (view.version === db.dataVersion()) return { trials: [], cursor }
        return db.read(() => {
          view.sync()
          return readSince(reader, view, cursor?.epoch === view.epoch ? cursor : undefined, limit)
        })
      }),
    async setAttributes(name, attributes, { system = false } = {}) {
      await within(name, view =>
        db.write(() => {
          view.sync()
          studies.setAttributes(view.id, attributes, system)
        })
      )
    },
    async [Symbol.asyncDispose]() {
      opened[Symbol.dispose]()
      db[Symbol.dispose]()
    }
  }
}
