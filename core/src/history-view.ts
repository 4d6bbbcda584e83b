import { type Column, wholeColumn } from './column.ts'
import type { History, HistoryColumn, HistoryOutcomes, HistoryReports } from './history.ts'
import type { Direction } from './objective.ts'
import { type RandomStream, randomStream } from './random-stream.ts'
import type { SpaceTable } from './space.ts'
import { systemKeys, type TrialRecord, type TrialState, trialRecord } from './trial.ts'
import type { TrialLog } from './trial-log.ts'

/** What is shown of a trial that counts as running: what it had from the start, so that it does not matter how far it is by now. */
export interface ShownOfRunning {
  readonly params: boolean
  /** Keys of system attributes. */
  readonly attributes: readonly string[]
}

/**
 * What one trial may know. Without a horizon: all that this process has read, as it grows. With one, as in a deterministic run: trials
 * below it as they ended, those from it on as running, whatever is known of them by now.
 */
export class HistoryView implements History {
  readonly study: string
  readonly trial: number
  readonly attempt: number
  readonly #log: TrialLog
  readonly #seed: number
  readonly #shown: ShownOfRunning
  readonly #drawn: (record: TrialRecord) => TrialRecord
  readonly #horizon: number

  constructor(
    study: string,
    log: TrialLog,
    seed: number,
    trial: number,
    attempt: number,
    shown: ShownOfRunning,
    horizon: number = Number.POSITIVE_INFINITY,
    drawn: (record: TrialRecord) => TrialRecord = record => record
  ) {
    this.study = study
    this.trial = trial
    this.#log = log
    this.#seed = seed
    this.attempt = attempt
    this.#shown = shown
    this.#drawn = drawn
    this.#horizon = horizon
  }

  get directions(): readonly Direction[] {
    return this.#log.directions
  }

  random(purpose: string): RandomStream {
    return randomStream(this.#seed, this.trial, this.attempt, purpose)
  }

  space({ pruned = false }: { readonly pruned?: boolean } = {}): SpaceTable {
    if (this.#horizon >= this.#log.next) return this.#log.space(pruned)
    if (!this.#log.inOrder) return this.#log.spaceBelow(pruned, this.#horizon)
    return this.#log.space(pruned, this.#log.outcomes().below(this.#horizon))
  }

  column(name: string): HistoryColumn {
    const column = this.#log.param(name)
    return { ...this.#cut(column), whole: wholeColumn(column) }
  }

  outcomes(): HistoryOutcomes {
    const column = this.#log.outcomes()
    const rows = column.below(this.#horizon)
    const lane = (index: number): Float64Array => column.lane(index).subarray(0, rows)
    return { ...this.#cut(column), states: lane(1), violations: lane(2), steps: lane(3), order: column.sorted().order }
  }

  reports(step: number): HistoryReports {
    const column = this.#log.reports(step)
    return { ...this.#cut(column), order: column.sorted().order }
  }

  evaluated(): number {
    return this.#log.evaluated().below(this.#horizon)
  }

  *trials(state?: TrialState): IterableIterator<TrialRecord> {
    if (state === 'running') {
      yield* this.#running()
      return
    }
    for (const record of this.#log.records()) {
      if (record.state === 'waiting' || record.number === this.trial) continue
      // With a horizon, whether a later trial has begun yet is a matter of time.
      if (record.number > this.trial && this.#horizon !== Number.POSITIVE_INFINITY) return
      const seen = record.number >= this.#horizon ? asRunning(record, this.#shown) : this.#drawn(record)
      if (state === undefined || seen.state === state) yield seen
    }
  }

  record(number: number): TrialRecord | undefined {
    const record = this.#log.get(number)
    if (!record || record.state === 'waiting' || number === this.trial) return undefined
    if (number >= this.#horizon) return number < this.trial ? asRunning(record, this.#shown) : undefined
    return this.#drawn(record)
  }

  /** Without a walk through all records: the unfinished ones, and those from the horizon on. */
  *#running(): IterableIterator<TrialRecord> {
    const numbers = new Set(this.#log.unfinished)
    for (let number = this.#horizon; number < this.#log.next; number++) numbers.add(number)
    for (const number of [...numbers].sort((a, b) => a - b)) {
      const record = this.record(number)
      if (record) yield record
    }
  }

  #cut(column: Column): { readonly numbers: Int32Array; readonly values: Float64Array } {
    const count = column.below(this.#horizon)
    return { numbers: column.numbers.subarray(0, count), values: column.lane().subarray(0, count) }
  }
}

/** A record as it was when its trial had been asked for. */
function asRunning({ number, params, distributions, systemAttributes, startedAt }: TrialRecord, shown: ShownOfRunning): TrialRecord {
  const kept = Object.entries(systemAttributes).filter(([key]) => startKeys.has(key) || shown.attributes.includes(key))
  return trialRecord({
    number,
    state: 'running',
    values: [],
    params: shown.params ? params : {},
    distributions: shown.params ? distributions : {},
    reports: [],
    attributes: {},
    systemAttributes: Object.fromEntries(kept),
    ...(startedAt ? { startedAt } : {})
  })
}
const startKeys: ReadonlySet<string> = new Set([systemKeys.fixedParams, systemKeys.scope])
