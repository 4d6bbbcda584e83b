import { type Direction, type Json, type StudySpec, storageError, systemKeys } from '@rxtuna/core'
import { fromPythonJson, toPythonJson } from '@rxtuna/core/python'
import type { SqliteDatabase } from '@rxtuna/core/sqlite'
import type { Kysely } from 'kysely'
import { type OptunaTables, trialTables } from './tables.ts'

/** A study's row with what belongs to it. */
export interface StoredStudy {
  readonly id: number
  readonly spec: StudySpec
}

/** What a storage does to studies as a whole. Statements are built by Kysely and run inside the caller's transaction. */
export class Studies {
  readonly #db: SqliteDatabase
  readonly #build: Kysely<OptunaTables>

  constructor(db: SqliteDatabase) {
    this.#db = db
    this.#build = db.kysely<OptunaTables>()
  }

  find(name: string): StoredStudy | undefined {
    const [study] = this.#db.all(this.#build.selectFrom('studies').selectAll().where('study_name', '=', name))
    return study && this.#load(study.study_id, study.study_name)
  }

  list(): readonly StudySpec[] {
    const studies = this.#db.all(this.#build.selectFrom('studies').selectAll().orderBy('study_id'))
    return studies.map(({ study_id, study_name }) => this.#load(study_id, study_name).spec)
  }

  add(spec: StudySpec): StoredStudy {
    this.#db.run(this.#build.insertInto('studies').values({ study_name: spec.name }))
    const [row] = this.#db.all(this.#build.selectFrom('studies').select('study_id').where('study_name', '=', spec.name))
    if (!row) throw storageError('STUDY_UNKNOWN', spec.name)
    const study_id = row.study_id
    for (const [objective, direction] of spec.directions.entries())
      this.#db.run(
        this.#build
          .insertInto('study_directions')
          .values({ study_id, objective, direction: direction === 'maximize' ? 'MAXIMIZE' : 'MINIMIZE' })
      )
    this.setAttributes(study_id, spec.attributes ?? {}, false)
    const metricNames = spec.metricNames ? { [systemKeys.metricNames]: spec.metricNames } : {}
    this.setAttributes(study_id, { ...metricNames, ...spec.systemAttributes }, true)
    return this.#load(study_id, spec.name)
  }

  /** Children first, because Optuna's tables cascade nothing. */
  remove(study_id: number): void {
    const trials = this.#build.selectFrom('trials').select('trial_id').where('study_id', '=', study_id)
    for (const table of trialTables) this.#db.run(this.#build.deleteFrom(table).where('trial_id', 'in', trials))
    for (const table of ['trials', 'study_directions', 'study_user_attributes', 'study_system_attributes', 'studies'] as const)
      this.#db.run(this.#build.deleteFrom(table).where('study_id', '=', study_id))
  }

  setAttributes(study_id: number, attributes: Readonly<Record<string, Json>>, system: boolean): void {
    const table = system ? 'study_system_attributes' : 'study_user_attributes'
    for (const [key, value] of Object.entries(attributes)) {
      const value_json = toPythonJson(value, key)
      this.#db.run(
        this.#build
          .insertInto(table)
          .values({ study_id, key, value_json })
          .onConflict(conflict => conflict.columns(['study_id', 'key']).doUpdateSet({ value_json }))
      )
    }
  }

  #load(id: number, name: string): StoredStudy {
    const directions = this.#db
      .all(this.#build.selectFrom('study_directions').select('direction').where('study_id', '=', id).orderBy('objective'))
      .map(({ direction }): Direction => (direction === 'MAXIMIZE' ? 'maximize' : 'minimize'))
    const attributes = this.#attributes('study_user_attributes', id)
    const { [systemKeys.metricNames]: metricNames, ...systemAttributes } = this.#attributes('study_system_attributes', id)
    const named = Array.isArray(metricNames) ? { metricNames: metricNames.map(String) } : {}
    return { id, spec: { name, directions, ...named, attributes, systemAttributes } }
  }

  #attributes(table: 'study_user_attributes' | 'study_system_attributes', id: number): Record<string, Json> {
    const rows = this.#db.all(this.#build.selectFrom(table).select(['key', 'value_json']).where('study_id', '=', id))
    return Object.fromEntries(rows.map(({ key, value_json }) => [key, fromPythonJson(value_json)]))
  }
}
