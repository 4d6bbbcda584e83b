import { finishedValues, type Json, type Report, systemKeys, type TrialChange, type TrialOutcome } from '@rxtuna/core'
import { toPythonJson } from '@rxtuna/core/python'
import type { SqliteDatabase, SqliteStatement } from '@rxtuna/core/sqlite'
import { type DistributionTexts, numberOf, storedParam, storedValue } from './encoding.ts'
import { rdbError } from './errors.ts'

type Attributes = Readonly<Record<string, Json>>

/** Writes what belongs to a trial. Prepared statements only; call it inside a write transaction. */
export class TrialWriter {
  readonly #texts: DistributionTexts
  readonly #param: SqliteStatement
  readonly #value: SqliteStatement
  readonly #report: SqliteStatement
  readonly #reports: SqliteStatement
  readonly #attribute: SqliteStatement
  readonly #systemAttribute: SqliteStatement
  readonly #constraint: SqliteStatement
  readonly #clear: readonly SqliteStatement[]

  constructor(db: SqliteDatabase, texts: DistributionTexts) {
    this.#texts = texts
    this.#param = db.prepare(
      'INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    )
    this.#value = db.prepare('INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, ?, ?, ?)')
    this.#report = db.prepare(
      'INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING'
    )
    this.#reports = db.prepare(
      'SELECT step, intermediate_value AS value, intermediate_value_type AS type FROM trial_intermediate_values WHERE trial_id = ?'
    )
    const upsert = 'ON CONFLICT (trial_id, "key") DO UPDATE SET value_json = excluded.value_json'
    this.#attribute = db.prepare(`INSERT INTO trial_user_attributes (trial_id, "key", value_json) VALUES (?, ?, ?) ${upsert}`)
    this.#systemAttribute = db.prepare(`INSERT INTO trial_system_attributes (trial_id, "key", value_json) VALUES (?, ?, ?) ${upsert}`)
    this.#constraint = db.prepare(
      'INSERT INTO trial_system_attributes (trial_id, "key", value_json) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
    )
    this.#clear = [
      db.prepare('DELETE FROM trial_intermediate_values WHERE trial_id = ?'),
      db.prepare('DELETE FROM trial_user_attributes WHERE trial_id = ?'),
      db.prepare(
        `DELETE FROM trial_system_attributes WHERE trial_id = ? AND ("key" = '${systemKeys.constraints}' OR substr("key", 1, ${systemKeys.constraint.length}) = '${systemKeys.constraint}')`
      )
    ]
  }

  /** Adds to a trial; what a param, a report's step or a constraint has already stands. */
  add(id: number, { params, distributions, reports, attributes, systemAttributes }: TrialChange): void {
    if (params)
      for (const name of Object.keys(params)) {
        const distribution = distributions?.[name]
        if (!distribution) throw rdbError('PARAM_DISTRIBUTION', name)
        const value = storedParam(name, params[name] ?? null, distribution)
        this.#param.run(id, name, value, this.#texts.write(distribution))
      }
    if (reports) for (const { step, value } of reports) this.#report.run(id, step, ...storedValue(value))
    if (attributes) this.#write(this.#attribute, id, attributes)
    if (systemAttributes) this.#write(this.#systemAttribute, id, systemAttributes)
  }

  /** What an outcome carries, and the values that follow from it. */
  addOutcome(id: number, outcome: TrialOutcome, objectives: number): void {
    if (outcome.reports) this.add(id, { reports: outcome.reports })
    for (const [name, value] of Object.entries(outcome.constraints ?? {}))
      this.#write(this.#systemAttribute, id, { [systemKeys.constraint + name]: value })
    if (outcome.reusedFrom !== undefined) this.#write(this.#systemAttribute, id, { [systemKeys.reusedFrom]: outcome.reusedFrom })
    const values = finishedValues(outcome, outcome.state === 'pruned' ? this.#reportsOf(id) : [], objectives)
    for (const [objective, value] of values.entries()) this.#value.run(id, objective, ...storedValue(value))
  }

  /** Removes what an evaluation left behind that has to begin again. */
  clear(id: number): void {
    for (const statement of this.#clear) statement.run(id)
  }

  #write(statement: SqliteStatement, id: number, attributes: Attributes): void {
    for (const key of Object.keys(attributes)) {
      const value = attributes[key]
      if (value === undefined) continue
      const first = statement === this.#systemAttribute && key.startsWith(systemKeys.constraint)
      ;(first ? this.#constraint : statement).run(id, key, toPythonJson(value, key))
    }
  }

  #reportsOf(id: number): readonly Report[] {
    const rows = this.#reports.all(id) as { step: number; value: number | null; type: string }[]
    return rows.map(({ step, value, type }) => ({ step, value: numberOf(value, type) }))
  }
}
