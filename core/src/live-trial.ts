import type { Drawing } from './drawing.ts'
import { problem, TrialPruned } from './errors.ts'
import type { EventBus } from './event-bus.ts'
import type { History } from './history.ts'
import { assertJson } from './json.ts'
import type { Pruner } from './pruners/pruner.ts'
import type { NumberOptions, Params, ParamValue, Suggest } from './space.ts'
import type { StudyStorage } from './storages/storage.ts'
import { type AskedTrial, type Json, type Report, systemKeys, type TrialOutcome, type TrialRecord } from './trial.ts'
import { TrialWrites } from './trial-writes.ts'

/** What a live trial needs of its study. */
export interface TrialSurroundings {
  readonly name: string
  readonly storage: StudyStorage
  readonly pruner: Pruner
  readonly bus: EventBus
}
export interface TrialStart {
  readonly number: number
  readonly drawing: Drawing
  /** What the space returned; undefined for a trial that draws while it runs. */
  readonly value: unknown
  readonly drawsLater: boolean
  readonly storedParams: number
  readonly answer: TrialOutcome | undefined
  readonly twin: number | undefined
}

const noReports: readonly Report[] = Object.freeze([])

/** A trial between ask and tell: what its objective sees, and what ends it. */
export class LiveTrial implements AskedTrial<unknown>, Suggest {
  readonly number: number
  readonly answer?: TrialOutcome
  readonly twin?: number
  readonly drawing: Drawing
  readonly drawsLater: boolean
  readonly history: History
  readonly writes: TrialWrites
  readonly #value: unknown
  readonly #around: TrialSurroundings
  #reports: Report[] | undefined
  #highestStep = -1
  #constraints: Set<string> | undefined
  #shown: { readonly stored: TrialRecord; readonly size: number; readonly record: TrialRecord } | undefined
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined
  #onAbort: ((reason: unknown) => void) | undefined

  constructor(around: TrialSurroundings, history: History, start: TrialStart) {
    this.number = start.number
    if (start.answer) this.answer = start.answer
    if (start.twin !== undefined) this.twin = start.twin
    this.drawing = start.drawing
    this.drawsLater = start.drawsLater
    this.history = history
    this.#value = start.value
    this.#around = around
    const { storage, name } = around
    this.writes = new TrialWrites(start.drawing, start.storedParams, change => storage.update(name, start.number, change))
  }

  get params(): unknown {
    return this.drawsLater ? { ...this.drawing.params } : this.#value
  }

  /** Its record with what it has drawn by now; the same one as long as nothing is added. */
  withDrawn(record: TrialRecord): TrialRecord {
    const { drawing } = this
    if (this.#shown?.stored === record && this.#shown.size === drawing.size) return this.#shown.record
    const params = Object.freeze({ ...record.params, ...drawing.params })
    const distributions = Object.freeze({ ...record.distributions, ...drawing.distributions })
    this.#shown = { stored: record, size: drawing.size, record: Object.freeze({ ...record, params, distributions }) }
    return this.#shown.record
  }

  /** What was suggested, as plugins see it. */
  get suggested(): Params {
    return this.drawing.params
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  suggestFloat(name: string, low: number, high: number, options?: NumberOptions): number {
    this.#assertOpen()
    return this.drawing.suggestFloat(name, low, high, options)
  }
  suggestInt(name: string, low: number, high: number, options?: NumberOptions): number {
    this.#assertOpen()
    return this.drawing.suggestInt(name, low, high, options)
  }
  suggestCategorical<const T extends ParamValue>(name: string, choices: readonly T[]): T {
    this.#assertOpen()
    return this.drawing.suggestCategorical(name, choices)
  }

  report(value: number, step: number): void {
    this.#assertOpen()
    const { directions } = this.history
    if (directions.length > 1) throw problem('REPORT_DIRECTIONS', directions.length)
    if (typeof value !== 'number') throw problem('REPORT_VALUE', value)
    if (!Number.isSafeInteger(step) || step < 0) throw problem('REPORT_STEP', step)
    this.#reports ??= []
    // Steps mostly grow; one beyond all others needs no search.
    if (step <= this.#highestStep) for (const report of this.#reports) if (report.step === step) return
    this.#highestStep = Math.max(step, this.#highestStep)
    const report = Object.freeze({ step, value })
    this.#reports.push(report)
    this.writes.change().reports.push(report)
    const { bus } = this.#around
    if (bus.observed) bus.emit('trial.reported', { trial: this.number, step, value })
  }

  shouldPrune(): boolean {
    this.#assertOpen()
    const { directions } = this.history
    if (directions.length > 1) throw problem('REPORT_DIRECTIONS', directions.length)
    const decision = this.#around.pruner.shouldPrune({ number: this.number, reports: this.#reports ?? noReports }, this.history)
    if (typeof decision === 'boolean') return decision
    Object.assign(this.writes.change().systemAttributes, decision.systemAttributes)
    return decision.prune
  }

  prune(reason?: string): never {
    throw new TrialPruned(reason ?? '')
  }

  setAttribute(key: string, value: Json): void {
    this.#assertOpen()
    assertJson(key, value)
    // As it is now: it is written later.
    this.writes.change().attributes[key] = typeof value === 'object' ? structuredClone(value) : value
  }

  setConstraint(name: string, value: number): void {
    this.#assertOpen()
    if (typeof value !== 'number' || Number.isNaN(value)) throw problem('CONSTRAINT_VALUE', name, value)
    this.#constraints ??= new Set()
    if (this.#constraints.has(name)) return
    this.#constraints.add(name)
    this.writes.change().systemAttributes[systemKeys.constraint + name] = value
  }
  /** What comes from now on is refused. */
  end(): void {
    this.writes.end()
    this.#onAbort = undefined
  }

  get isAborted(): boolean {
    return this.#aborted !== undefined
  }

  get abortReason(): unknown {
    return this.#aborted?.reason
  }

  abort(reason: unknown): void {
    this.#aborted ??= { reason }
    this.#controller?.abort(reason)
    this.#onAbort?.(reason)
  }

  /** Calls back when the trial is aborted, at once if it is. */
  whenAborted(call: (reason: unknown) => void): void {
    this.#onAbort = call
    if (this.#aborted) call(this.#aborted.reason)
  }

  #assertOpen(): void {
    if (this.writes.isOver) throw problem('TRIAL_OVER', this.number)
  }
}

// What Node prints of a trial: its number and its params, and not the machinery.
Object.defineProperty(LiveTrial.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: LiveTrial): unknown {
    const { number, params } = this
    return { number, params }
  }
})
