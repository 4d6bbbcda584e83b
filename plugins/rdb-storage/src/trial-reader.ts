import { type Distribution, type Json, type ParamValue, type Report, systemKeys, type TrialRecord, trialRecord } from '@rxtuna/core'
import { fromPythonJson } from '@rxtuna/core/python'
import type { SqliteDatabase, SqliteStatement } from '@rxtuna/core/sqlite'
import { type DistributionTexts, numberOf, paramOf, stateOf, timeOf } from './encoding.ts'
import type { StoredState } from './tables.ts'

export interface TrialRow {
  readonly trial_id: number
  readonly number: number
  readonly state: StoredState
  readonly datetime_start: string | null
  readonly datetime_complete: string | null
}
interface Of {
  readonly trial_id: number
}
interface ParamRow extends Of {
  readonly param_name: string
  readonly param_value: number
  readonly distribution_json: string
}
interface ValueRow extends Of {
  readonly value: number | null
  readonly value_type: string
}
interface ReportRow extends Of {
  readonly step: number
  readonly intermediate_value: number | null
  readonly intermediate_value_type: string
}
interface AttributeRow extends Of {
  readonly key: string
  readonly value_json: string
}

/** The parts of one trial while its rows come in. */
interface Draft {
  readonly row: TrialRow
  readonly values: number[]
  readonly params: Record<string, ParamValue>
  readonly distributions: Record<string, Distribution>
  readonly reports: Report[]
  readonly attributes: Record<string, Json>
  readonly systemAttributes: Record<string, Json>
}

// Between two wanted trials at most this many others are read with them, which is cheaper than asking anew.
const widestGap = 8
const mostRecent = 256
const columns = 'trial_id, number, state, datetime_start, datetime_complete'

/** Builds records from rows. Each table is read once for a run of trials, by ranges of ids. Call it inside a transaction. */
export class TrialReader {
  readonly #texts: DistributionTexts
  readonly #one: SqliteStatement
  readonly #after: SqliteStatement
  readonly #tables: readonly (readonly [SqliteStatement, (draft: Draft, row: never) => void])[]
  /** Finished trials that this storage wrote itself: a finished trial never changes. */
  readonly #recent = new Map<number, TrialRecord>()
  #worker: { readonly text: string; readonly value: Json } | undefined

  constructor(db: SqliteDatabase, texts: DistributionTexts) {
    this.#texts = texts
    this.#one = db.prepare(`SELECT ${columns} FROM trials WHERE trial_id = ?`)
    this.#after = db.prepare(
      `SELECT ${columns} FROM trials WHERE study_id = ? AND trial_id > ? AND state != 'WAITING' ORDER BY trial_id LIMIT ?`
    )
    const range = (table: string, names: string, order: string): SqliteStatement =>
      db.prepare(`SELECT trial_id, ${names} FROM ${table} WHERE trial_id BETWEEN ? AND ? ORDER BY ${order}`)
    this.#tables = [
      [range('trial_params', 'param_name, param_value, distribution_json', 'param_id'), this.#addParam],
      [range('trial_values', 'value, value_type', 'trial_id, objective'), addValue],
      [range('trial_intermediate_values', 'step, intermediate_value, intermediate_value_type', 'trial_intermediate_value_id'), addReport],
      [range('trial_user_attributes', '"key", value_json', 'trial_user_attribute_id'), addAttribute],
      [range('trial_system_attributes', '"key", value_json', 'trial_system_attribute_id'), this.#addSystemAttribute]
    ]
  }

  /** One trial by its id. */
  one(id: number): TrialRecord {
    // The caller has this id from a row of the same transaction.
    return this.#records([this.#one.get(id) as TrialRow])[0] as TrialRecord
  }

  many(ids: readonly number[]): readonly TrialRecord[] {
    return this.#records(ids.map(id => this.#one.get(id) as TrialRow | undefined).filter(row => row !== undefined))
  }

  /** Up to `limit` trials of a study beyond an id, without those that wait; and the last id among them. */
  after(study: number, id: number, limit: number): { readonly trials: readonly TrialRecord[]; readonly last: number | undefined } {
    const rows = this.#after.all(study, id, Number.isFinite(limit) ? limit : -1) as TrialRow[]
    return { trials: this.#records(rows), last: rows.at(-1)?.trial_id }
  }

  /** Spares a later read the work of building the record of a trial that this storage has finished. */
  keep(id: number, record: TrialRecord): void {
    if (this.#recent.size >= mostRecent) for (const oldest of this.#recent.keys()) if (this.#recent.delete(oldest)) break
    this.#recent.set(id, record)
  }

  forget(): void {
    this.#recent.clear()
  }

  #records(rows: readonly TrialRow[]): readonly TrialRecord[] {
    const drafts = new Map<number, Draft>()
    for (const row of rows)
      if (!this.#recent.has(row.trial_id))
        drafts.set(row.trial_id, {
          row,
          values: [],
          params: {},
          distributions: {},
          reports: [],
          attributes: {},
          systemAttributes: {}
        })
    for (const [first, last] of runs([...drafts.keys()])) this.#fill(drafts, first, last)
    return rows.map(({ trial_id }) => {
      const draft = drafts.get(trial_id)
      // What has no draft is among the recent ones.
      return draft ? recordOf(draft) : (this.#recent.get(trial_id) as TrialRecord)
    })
  }

  #fill(drafts: ReadonlyMap<number, Draft>, first: number, last: number): void {
    for (const [statement, add] of this.#tables) {
      let draft: Draft | undefined
      for (const row of statement.all(first, last) as Of[]) {
        if (draft?.row.trial_id !== row.trial_id) draft = drafts.get(row.trial_id)
        // Each function takes the rows that its statement gives.
        if (draft) add(draft, row as never)
      }
    }
  }

  readonly #addParam = ({ params, distributions }: Draft, row: ParamRow): void => {
    const distribution = this.#texts.parse(row.distribution_json)
    distributions[row.param_name] = distribution
    params[row.param_name] = paramOf(row.param_value, distribution)
  }

  readonly #addSystemAttribute = ({ systemAttributes }: Draft, { key, value_json }: AttributeRow): void => {
    // All trials of a worker share this text.
    if (key !== systemKeys.worker) systemAttributes[key] = systemValue(key, value_json)
    else if (this.#worker?.text === value_json) systemAttributes[key] = this.#worker.value
    else {
      this.#worker = { text: value_json, value: systemValue(key, value_json) }
      systemAttributes[key] = this.#worker.value
    }
  }
}

function addValue({ values }: Draft, row: ValueRow): void {
  values.push(numberOf(row.value, row.value_type))
}

function addReport({ reports }: Draft, { step, intermediate_value, intermediate_value_type }: ReportRow): void {
  reports.push(Object.freeze({ step, value: numberOf(intermediate_value, intermediate_value_type) }))
}

function addAttribute({ attributes }: Draft, { key, value_json }: AttributeRow): void {
  attributes[key] = deepFreeze(fromPythonJson(value_json))
}

function systemValue(key: string, text: string): Json {
  // Constraints are numbers, also infinite ones.
  const tokens = key.startsWith(systemKeys.constraint) || key === systemKeys.constraints ? 'number' : 'keep'
  return deepFreeze(fromPythonJson(text, { tokens }))
}

function recordOf({ row, ...parts }: Draft): TrialRecord {
  return trialRecord({
    number: row.number,
    state: stateOf[row.state],
    ...parts,
    ...(row.datetime_start === null ? {} : { startedAt: timeOf(row.datetime_start) }),
    ...(row.datetime_complete === null ? {} : { finishedAt: timeOf(row.datetime_complete) })
  })
}

/** Ids as ranges, joined where the gap is small. */
function runs(ids: number[]): readonly (readonly [first: number, last: number])[] {
  ids.sort((a, b) => a - b)
  const ranges: [number, number][] = []
  for (const id of ids) {
    const range = ranges.at(-1)
    if (range && id - range[1] <= widestGap) range[1] = id
    else ranges.push([id, id])
  }
  return ranges
}

function deepFreeze(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value
  for (const item of Object.values(value)) deepFreeze(item)
  return Object.freeze(value)
}
