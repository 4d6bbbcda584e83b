import type { TrialRecord, TrialState } from '@rxtuna/core'
import { systemKeys } from '@rxtuna/core'
import { recordSignature } from './signature.ts'

interface Entry {
  readonly number: number
  readonly signature: string
  state: TrialState
}
/** What is known of a signature: the trial that was evaluated with it, or the one that is being evaluated. */
export type Known = { readonly kind: 'known' | 'running'; readonly number: number }

/**
 * The trials of one study by their signatures, in memory. What is not in it: a trial without a scope, because nobody knows what it was evaluated
 * with, and one whose outcome was taken over from another.
 */
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

  /** The signature of what a record was evaluated with; undefined when that is not known. */
  signatureOf(record: TrialRecord): string | undefined {
    const scope = record.systemAttributes[systemKeys.scope]
    return typeof scope === 'string' ? this.signature(scope, record) : undefined
  }

  /** The signature under which a trial is known here. */
  signatureAt(number: number): string | undefined {
    return this.#byNumber.get(number)?.signature
  }

  /** Enters a record, or what became of it. What the record says counts, whatever it was begun with. */
  add(record: TrialRecord): void {
    const entry = this.#byNumber.get(record.number)
    if (entry && isFinished(entry.state)) return
    const signature = this.signatureOf(record)
    // One of ours that was begun and is not stored yet.
    if (signature === undefined && !isFinished(record.state)) return
    if (entry && entry.signature === signature && record.reusedFrom === undefined) {
      entry.state = record.state
      return
    }
    this.forget(record.number)
    if (signature !== undefined && record.reusedFrom === undefined) this.#enter({ number: record.number, signature, state: record.state })
  }

  /** A trial of this process that is about to be created, or that takes over. */
  begin(signature: string, number: number): void {
    this.forget(number)
    this.#enter({ number, signature, state: 'running' })
  }

  /** An ask that came to nothing. */
  forget(number: number): void {
    const entry = this.#byNumber.get(number)
    if (!entry) return
    this.#byNumber.delete(number)
    const others = (this.#bySignature.get(entry.signature) ?? []).filter(other => other !== entry)
    if (others.length > 0) this.#bySignature.set(entry.signature, others)
    else this.#bySignature.delete(entry.signature)
  }

  /**
   * What answers trial `asker`. With a horizon, as in a deterministic run, trials from it on count as running however they ended: those that
   * did not answer are found, too, as they were when the run was not interrupted.
   */
  find(signature: string, asker: number, horizon: number = Number.POSITIVE_INFINITY): Known | undefined {
    let running: number | undefined
    let known: number | undefined
    for (const { number, state } of this.#bySignature.get(signature) ?? []) {
      if (number === asker) continue
      if (number >= horizon) {
        if (number < asker) running = Math.min(running ?? number, number)
      } else if (state === 'complete' || state === 'pruned') known = Math.min(known ?? number, number)
      else if (state === 'running') running = Math.min(running ?? number, number)
    }
    if (known !== undefined) return { kind: 'known', number: known }
    return running === undefined ? undefined : { kind: 'running', number: running }
  }

  #enter(entry: Entry): void {
    this.#byNumber.set(entry.number, entry)
    const entries = this.#bySignature.get(entry.signature)
    if (entries) entries.push(entry)
    else this.#bySignature.set(entry.signature, [entry])
  }
}

function isFinished(state: TrialState): boolean {
  return state !== 'running' && state !== 'waiting'
}
