import type { TrialRecord, TrialState } from '@rxtuna/core'
import { systemKeys } from '@rxtuna/core'
import { recordSignature } from './signature.ts'

interface Entry {
  readonly number: number
  state: TrialState
  reused: boolean
}
/** What is known of a signature: the trial that was evaluated with it, or the one that is being evaluated. */
export type Known = { readonly kind: 'known' | 'running'; readonly number: number }

/** The trials of one study by their signatures, in memory. A trial without a scope is not in it: nobody knows what it was evaluated with. */
export class KnownTrials {
  readonly #study: string
  readonly #bySignature = new Map<string, Entry[]>()
  readonly #byNumber = new Map<number, Entry>()

  constructor(study: string) {
    this.#study = study
  }

  /** The signature of a set with this scope in this study. */
  signature(scope: string, record: Pick<TrialRecord, 'params' | 'distributions'>): string {
    return recordSignature(record, { study: this.#study, scope })
  }

  /** Enters a record, or what became of it. */
  add(record: TrialRecord): void {
    const known = this.#byNumber.get(record.number)
    if (known) {
      known.state = record.state
      known.reused = record.reusedFrom !== undefined
      return
    }
    const scope = record.systemAttributes[systemKeys.scope]
    if (typeof scope === 'string') this.#enter(this.signature(scope, record), record.number, record.state, record.reusedFrom !== undefined)
  }

  /** A trial of this process that is about to be created. */
  begin(signature: string, number: number): void {
    const entry = this.#byNumber.get(number)
    if (!entry) this.#enter(signature, number, 'running', false)
    else entry.state = 'running'
  }

  /** An ask that came to nothing. */
  forget(signature: string, number: number): void {
    const entries = this.#bySignature.get(signature)?.filter(entry => entry.number !== number)
    if (entries) this.#bySignature.set(signature, entries)
    this.#byNumber.delete(number)
  }

  /**
   * What answers trial `asker`. With a horizon, as in a deterministic run, trials from it on count as running however they ended: those that
   * did not answer are found, too, as they were when the run was not interrupted.
   */
  find(signature: string, asker: number, horizon: number = Number.POSITIVE_INFINITY): Known | undefined {
    let running: number | undefined
    let known: number | undefined
    for (const { number, state, reused } of this.#bySignature.get(signature) ?? []) {
      if (number === asker || reused) continue
      if (number >= horizon) {
        if (number < asker) running = Math.min(running ?? number, number)
      } else if (state === 'complete' || state === 'pruned') known = Math.min(known ?? number, number)
      else if (state === 'running') running = Math.min(running ?? number, number)
    }
    if (known !== undefined) return { kind: 'known', number: known }
    return running === undefined ? undefined : { kind: 'running', number: running }
  }

  #enter(signature: string, number: number, state: TrialState, reused: boolean): void {
    const entry: Entry = { number, state, reused }
    this.#byNumber.set(number, entry)
    const entries = this.#bySignature.get(signature)
    if (entries) entries.push(entry)
    else this.#bySignature.set(signature, [entry])
  }
}
