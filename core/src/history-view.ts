import type { Column } from './column.ts'
import type { History } from './history.ts'
import type { Direction } from './objective.ts'
import { type RandomStream, randomStream } from './random-stream.ts'
import type { SpaceTable } from './space.ts'
import { isFeasible, systemKeys, type TrialRecord, type TrialState, trialRecord } from './trial.ts'
import { stateCodes, type TrialLog } from './trial-log.ts'

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
  readonly #horizon: number

  constructor(
    study: string,
    log: TrialLog,
    seed: number,
    trial: number,
    attempt: number,
    shown: ShownOfRunning,
    horizon: number = Number.POSITIVE_INFINITY
  ) {
    this.study = study
    this.trial = trial
    this.#log = log
    this.#seed = seed
    this.attempt = attempt
    this.#shown = shown
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

  column(name: string): { readonly numbers: Int32Array; readonly values: Float64Array; readonly sorted: Int32Array } {
    const { numbers, values } = this.#cut(this.#log.param(name))
    const sorted = Int32Array.from(numbers.keys()).sort((a, b) => (values[a] as number) - (values[b] as number) || a - b)
    return { numbers, values, sorted }
  }

  outcomes(): {
    readonly numbers: Int32Array
    readonly states: Uint8Array
    readonly values: Float64Array
    readonly violations: Float64Array
  } {
    const { numbers, values } = this.#cut(this.#log.outcomes())
    const states = new Uint8Array(numbers.length)
    const violations = new Float64Array(numbers.length)
    for (const [index, number] of numbers.entries()) {
      const record = this.#log.get(number)
      if (!record) continue
      states[index] = stateCodes[record.state as keyof typeof stateCodes]
      if (!isFeasible(record.constraints))
        for (const value of Object.values(record.constraints)) violations[index] = (violations[index] as number) + Math.max(value, 0)
    }
    return { numbers, states, values, violations }
  }

  reports(step: number): { readonly numbers: Int32Array; readonly values: Float64Array } {
    return this.#cut(this.#log.reports(step))
  }

  evaluated(): number {
    return this.#cut(this.#log.evaluated()).numbers.length
  }

  *trials(state?: TrialState): IterableIterator<TrialRecord> {
    for (const record of this.#log.records()) {
      if (record.state === 'waiting' || record.number === this.trial) continue
      // With a horizon, whether a later trial has begun yet is a matter of time.
      if (record.number > this.trial && this.#horizon !== Number.POSITIVE_INFINITY) return
      const seen = record.number >= this.#horizon ? asRunning(record, this.#shown) : record
      if (state === undefined || seen.state === state) yield seen
    }
  }

  #cut(column: Column): { readonly numbers: Int32Array; readonly values: Float64Array } {
    const { numbers, values } = column
    if (this.#horizon >= this.#log.next) return { numbers, values }
    if (this.#log.inOrder) {
      const length = column.below(this.#horizon)
      return { numbers: numbers.subarray(0, length), values: values.subarray(0, length) }
    }
    const kept = [...numbers.keys()].filter(index => (numbers[index] as number) < this.#horizon)
    // By number, so that a run that was resumed sees the same.
    kept.sort((a, b) => (numbers[a] as number) - (numbers[b] as number))
    return {
      numbers: Int32Array.from(kept, index => numbers[index] as number),
      values: Float64Array.from(kept, index => values[index] as number)
    }
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
