import type { Drawing } from './drawing.ts'
import { StudyError, sentences, TrialPruned } from './errors.ts'
import type { EventBus } from './event-bus.ts'
import type { History } from './history.ts'
import { assertJson } from './json.ts'
import type { Pruner } from './pruners/pruner.ts'
import type { NumberOptions, Params, ParamValue, SpaceTable, Suggest } from './space.ts'
import type { StudyStorage, TrialChange } from './storages/storage.ts'
import { type AskedTrial, type Json, type Report, systemKeys, type TrialOutcome } from './trial.ts'

/** What a live trial needs of its study. */
export interface TrialSurroundings {
  readonly study: string
  readonly storage: StudyStorage
  readonly pruner: Pruner
  readonly bus: EventBus
  readonly history: History
}
export interface TrialStart {
  readonly number: number
  readonly drawing: Drawing
  /** What the space returned; undefined for a trial that draws while it runs. */
  readonly value: unknown
  readonly drawsLater: boolean
  readonly storedParams: number
  readonly answer?: TrialOutcome
  readonly twin?: number
}

/** What is still to be stored. */
interface Pending {
  readonly reports: Report[]
  attributes: Record<string, Json>
  systemAttributes: Record<string, Json>
}
const noReports: readonly Report[] = Object.freeze([])

/** A trial between ask and tell. What it reports is queued and written by one `storage.update` at a time; `finish` writes what is left. */
export class LiveTrial implements AskedTrial<unknown>, Suggest {
  readonly number: number
  readonly answer?: TrialOutcome
  readonly twin?: number
  readonly drawing: Drawing
  readonly drawsLater: boolean
  readonly history: History
  readonly #value: unknown
  readonly #around: TrialSurroundings
  #reports: Report[] | undefined
  #highestStep = -1
  #pending: Pending | undefined
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #storedParams: number
  #controller: AbortController | undefined
  #aborted: { readonly reason: unknown } | undefined
  #onAbort: ((reason: unknown) => void) | undefined
  /** `settling` while nothing should be written before `finish`; `over` when what still comes is refused. */
  #phase: 'open' | 'settling' | 'over' = 'open'

  constructor(around: TrialSurroundings, start: TrialStart) {
    this.number = start.number
    if (start.answer) this.answer = start.answer
    if (start.twin !== undefined) this.twin = start.twin
    this.drawing = start.drawing
    this.drawsLater = start.drawsLater
    this.history = around.history
    this.#value = start.value
    this.#around = around
    this.#storedParams = start.storedParams
  }

  get params(): unknown {
    return this.drawsLater ? { ...this.drawing.params } : this.#value
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
    return this.#draw(() => this.drawing.suggestFloat(name, low, high, options))
  }
  suggestInt(name: string, low: number, high: number, options?: NumberOptions): number {
    return this.#draw(() => this.drawing.suggestInt(name, low, high, options))
  }
  suggestCategorical<const T extends ParamValue>(name: string, choices: readonly T[]): T {
    return this.#draw(() => this.drawing.suggestCategorical(name, choices))
  }

  report(value: number, step: number): void {
    this.#assertOpen()
    const { directions } = this.history
    if (directions.length > 1) throw new StudyError('REPORT_DIRECTIONS', sentences.REPORT_DIRECTIONS(directions.length))
    if (typeof value !== 'number') throw new StudyError('REPORT_VALUE', sentences.REPORT_VALUE(value))
    if (!Number.isSafeInteger(step) || step < 0) throw new StudyError('REPORT_STEP', sentences.REPORT_STEP(step))
    this.#reports ??= []
    // Steps mostly grow; one beyond all others needs no search.
    if (step <= this.#highestStep) for (const report of this.#reports) if (report.step === step) return
    this.#highestStep = Math.max(step, this.#highestStep)
    const report = Object.freeze({ step, value })
    this.#reports.push(report)
    this.#changed().reports.push(report)
    const { bus } = this.#around
    if (bus.observed) bus.emit('trial.reported', { trial: this.number, step, value })
  }

  shouldPrune(): boolean {
    this.#assertOpen()
    const { directions } = this.history
    if (directions.length > 1) throw new StudyError('REPORT_DIRECTIONS', sentences.REPORT_DIRECTIONS(directions.length))
    const decision = this.#around.pruner.shouldPrune({ number: this.number, reports: this.#reports ?? noReports }, this.history)
    if (typeof decision === 'boolean') return decision
    Object.assign(this.#changed().systemAttributes, decision.systemAttributes)
    return decision.prune
  }

  prune(reason?: string): never {
    throw new TrialPruned(reason ?? '')
  }

  setAttribute(key: string, value: Json): void {
    this.#assertOpen()
    assertJson(key, value)
    // As it is now: it is written later.
    this.#changed().attributes[key] = typeof value === 'object' ? structuredClone(value) : value
  }

  setConstraint(name: string, value: number): void {
    this.#assertOpen()
    if (typeof value !== 'number' || Number.isNaN(value)) throw new StudyError('CONSTRAINT_VALUE', sentences.CONSTRAINT_VALUE(name, value))
    this.#constraints ??= new Set()
    if (this.#constraints.has(name)) return
    this.#constraints.add(name)
    this.#changed().systemAttributes[systemKeys.constraint + name] = value
  }
  #constraints: Set<string> | undefined

  /** Nothing is written from here on until `rest`: the evaluation has ended. */
  settle(): void {
    if (this.#phase === 'open') this.#phase = 'settling'
  }

  /** The evaluation begins, perhaps a second time. */
  reopen(): void {
    if (this.#phase === 'open') return
    this.#phase = 'open'
    if (this.#pending) this.#changed()
  }

  /** What comes from now on is refused. */
  end(): void {
    this.#phase = 'over'
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

  /** What was not yet stored, after the write under way; what comes from now on is refused. Rejects, once, when a write has failed. */
  async rest(): Promise<TrialChange> {
    await this.#writing
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure.error
    // What comes while this is stored would be lost.
    this.#phase = 'over'
    return this.#take()
  }

  /** Waits for the write under way, whatever becomes of it. */
  async written(): Promise<void> {
    await this.#writing
  }

  /** Puts back what a failed write did not store. */
  restore(change: TrialChange): void {
    if (this.#phase === 'over') this.#phase = 'settling'
    const pending = this.#pending
    this.#pending = {
      reports: [...(change.reports ?? []), ...(pending?.reports ?? [])],
      attributes: { ...change.attributes, ...pending?.attributes },
      systemAttributes: { ...change.systemAttributes, ...pending?.systemAttributes }
    }
    if (change.params) this.#storedParams -= Object.keys(change.params).length
  }

  #draw<T>(draw: () => T): T {
    this.#assertOpen()
    return draw()
  }

  #assertOpen(): void {
    if (this.#phase === 'over') throw new StudyError('TRIAL_OVER', sentences.TRIAL_OVER(this.number))
  }

  /** What is to be stored, which is then written in the background. */
  #changed(): Pending {
    this.#pending ??= { reports: [], attributes: {}, systemAttributes: {} }
    this.#writing ??= Promise.resolve().then(() => this.#write())
    return this.#pending
  }

  async #write(): Promise<void> {
    try {
      while (this.#phase === 'open' && this.#pending && !this.#failure) await this.#update(this.#take())
    } finally {
      this.#writing = undefined
    }
  }

  async #update(change: TrialChange): Promise<void> {
    try {
      await this.#around.storage.update(this.#around.study, this.number, change)
    } catch (error) {
      // Kept for `tell`, which rejects with it: the trial stays running, and a second `tell` stores it all.
      this.#failure = { error }
      this.restore(change)
    }
  }

  #take(): TrialChange {
    const pending = this.#pending
    this.#pending = undefined
    const drawn = this.#newParams()
    return pending ? { ...pending, ...drawn } : drawn
  }

  /** Params that were drawn since the last write; they are stored in the order in which they were drawn. */
  #newParams(): Pick<TrialChange, 'params' | 'distributions'> {
    const { params, distributions, size } = this.drawing
    if (size === this.#storedParams) return {}
    const names = Object.keys(params).slice(this.#storedParams)
    this.#storedParams = size
    return {
      params: Object.fromEntries(names.map(name => [name, params[name] as ParamValue])),
      distributions: Object.fromEntries(names.map(name => [name, distributions[name] as SpaceTable[string]]))
    }
  }
}
