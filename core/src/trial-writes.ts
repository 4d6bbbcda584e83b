import type { Drawing } from './drawing.ts'
import type { ParamValue, SpaceTable } from './space.ts'
import type { TrialChange } from './storages/storage.ts'
import type { Json, Report } from './trial.ts'

/** What is still to be stored. */
export interface Pending {
  readonly reports: Report[]
  readonly attributes: Record<string, Json>
  readonly systemAttributes: Record<string, Json>
}

/**
 * What a live trial has to store beside its end: reports, attributes, and params that it drew while it ran. It is queued and written by one
 * `update` at a time, begun in a microtask; what is left when the evaluation has ended goes with `finish`.
 */
export class TrialWrites {
  readonly #drawing: Drawing
  readonly #update: (change: TrialChange) => Promise<void>
  #storedParams: number
  #pending: Pending | undefined
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  /** `settling` while nothing should be written before `finish`; `over` when what still comes would be lost. */
  #phase: 'open' | 'settling' | 'over' = 'open'

  /** `storedParams` of the drawing are stored already. */
  constructor(drawing: Drawing, storedParams: number, update: (change: TrialChange) => Promise<void>) {
    this.#drawing = drawing
    this.#storedParams = storedParams
    this.#update = update
  }

  get isOver(): boolean {
    return this.#phase === 'over'
  }

  /** What is to be stored, for one more entry; it is then written in the background. */
  change(): Pending {
    this.#pending ??= { reports: [], attributes: {}, systemAttributes: {} }
    this.#writing ??= Promise.resolve().then(() => this.#write())
    return this.#pending
  }

  /** Nothing is written from here on: the evaluation has ended. */
  settle(): void {
    if (this.#phase === 'open') this.#phase = 'settling'
  }

  /** The evaluation begins, perhaps a second time. */
  reopen(): void {
    if (this.#phase === 'open') return
    this.#phase = 'open'
    if (this.#pending) this.change()
  }

  /** What comes from now on is not taken any more. */
  end(): void {
    this.#phase = 'over'
  }

  /** What was not yet stored, after the write under way; nothing more is taken. Throws or rejects, once, when a write has failed. */
  rest(): TrialChange | Promise<TrialChange> {
    return this.#writing ? this.#writing.then(() => this.#restNow()) : this.#restNow()
  }

  #restNow(): TrialChange {
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

  async #write(): Promise<void> {
    try {
      while (this.#phase === 'open' && this.#pending && !this.#failure) await this.#store(this.#take())
    } finally {
      this.#writing = undefined
    }
  }

  async #store(change: TrialChange): Promise<void> {
    try {
      await this.#update(change)
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
    const { params, distributions, size } = this.#drawing
    if (size === this.#storedParams) return {}
    const stored = this.#storedParams
    this.#storedParams = size
    if (stored === 0) return { params: this.#drawing.take(), distributions: this.#drawing.table }
    const names = Object.keys(params).slice(stored)
    return {
      params: Object.fromEntries(names.map(name => [name, params[name] as ParamValue])),
      distributions: Object.fromEntries(names.map(name => [name, distributions[name] as SpaceTable[string]]))
    }
  }
}
