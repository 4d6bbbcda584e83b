import type { PluginContext, StudyEvent, TrialRecord } from '@rxtuna/core'
import type { Claim, Owner, SignatureGuard } from './guard.ts'
import { type Known, KnownTrials } from './known-trials.ts'
import { pause } from './pause.ts'
import { WaitingRoom } from './waiting-room.ts'

/** What a claim came to: evaluate it, or another trial does or did. */
export type Claimed =
  | { readonly kind: 'mine' }
  /** `stored`: its params are; a trial that is still being asked for may lose its number to another one. */
  | { readonly kind: 'running'; readonly number: number; readonly stored: boolean }
  | { readonly kind: 'known'; readonly record: TrialRecord }
export type Ended = StudyEvent<'trial.completed' | 'trial.pruned' | 'trial.failed'>

const pollMs = 250

/**
 * The claims of one study: what this process knows of its trials first, then the guard, which other processes share. What the guard says is
 * checked against the study, which is the truth: a claim of a trial that failed, vanished or has other params is void.
 */
export class Claims {
  readonly trials: KnownTrials
  readonly #ctx: PluginContext
  readonly #guard: SignatureGuard
  readonly #worker: string
  readonly #room = new WaitingRoom()
  /** Signatures that trials of this process hold. */
  readonly #held = new Map<number, string>()
  /** Trials of this process between start and end, whether they hold a claim or not. */
  readonly #ours = new Set<number>()
  /** Claims of abandoned asks that are being given up: their numbers may be asked for again. */
  #abandoning: Promise<unknown> = Promise.resolve()

  constructor(ctx: PluginContext, guard: SignatureGuard, worker: string) {
    this.#ctx = ctx
    this.#guard = guard
    this.#worker = worker
    this.trials = new KnownTrials(ctx.name)
  }

  /** Claims a signature for a trial. Never waits for an evaluation. */
  async claim(signature: string, trial: number, horizon: number = Number.POSITIVE_INFINITY): Promise<Claimed> {
    const here = this.trials.find(signature, trial, horizon)
    const answer = here && (await this.#here(here, signature, horizon))
    if (answer) return answer
    await this.#abandoning
    for (;;) {
      const claim = await this.#guard.claim(signature, this.#owner(trial))
      if (claim.kind === 'mine') {
        const told = claim.from && (await this.#toldBy(claim.from, signature, trial))
        if (told) return { kind: 'known', record: told }
        this.trials.begin(signature, trial)
        this.#held.set(trial, signature)
        this.#room.begin(trial)
        return { kind: 'mine' }
      }
      const theirs = await this.#theirs(signature, claim, trial, horizon)
      if (theirs) return theirs
      await this.#guard.release(signature, claim.by)
    }
  }

  /** Waits until the leader has been told, then claims for the follower: an answer, or the evaluation is its own. Rejects when the signal aborts. */
  async follow(leader: number, signature: string, trial: number, signal: AbortSignal): Promise<Exclude<Claimed, { kind: 'running' }>> {
    for (let next = leader; ; ) {
      signal.throwIfAborted()
      if (this.#room.has(next)) await this.#room.wait(next, trial, signal)
      else {
        const record = await this.#ctx.trial(next)
        if (record) this.trials.add(record)
      }
      const claimed = await this.claim(signature, trial)
      if (claimed.kind !== 'running') return claimed
      // Still under way in another process: look again in a while.
      if (claimed.number === next && !this.#room.has(next)) await pause(pollMs, signal)
      next = claimed.number
    }
  }

  /** A trial has got its number in this process. */
  started(trial: number): void {
    this.#ours.add(trial)
  }

  /** What this process knows follows the end of a trial at once; only the guard's rows are batched. */
  notice({ record }: Ended): void {
    const { number, state } = record
    const signature = this.trials.signatureAt(number)
    this.#ours.delete(number)
    this.trials.add(record)
    this.#end(number, signature, state !== 'failed')
  }

  /** Tells the guard what became of trials that have ended; one transaction where the guard has them. */
  told(events: readonly Ended[]): Promise<unknown> {
    return Promise.all(
      events.map(({ record }) => {
        const held = this.#held.get(record.number)
        if (held === undefined) return undefined
        this.#held.delete(record.number)
        const owner = this.#owner(record.number)
        // An interceptor around dedup may have chosen other params than those that were claimed.
        const signature = isAnswer(record) ? this.trials.signatureOf(record) : undefined
        if (signature === held) return this.#guard.settle(held, owner)
        const released = this.#guard.release(held, owner)
        return signature === undefined ? released : Promise.all([released, this.#guard.settle(signature, owner)])
      })
    )
  }

  /** Gives up at once what a draw or an ask claimed that came to nothing. Nothing happens for a trial that holds nothing. */
  async abandon(trial: number): Promise<void> {
    const signature = this.#held.get(trial)
    if (signature === undefined) return
    this.#held.delete(trial)
    this.trials.forget(trial)
    this.#end(trial, signature, false)
    const release = async (): Promise<void> => {
      const record = await this.#ctx.trial(trial)
      // Another worker won the number. If it drew, or may yet draw, the same params, the claim is its own by now.
      const isTheirs = record && (this.trials.signatureOf(record) ?? (record.state === 'running' ? signature : undefined)) === signature
      if (!isTheirs) await this.#guard.release(signature, this.#owner(trial))
    }
    const released = this.#abandoning.then(release)
    this.#abandoning = released.catch(() => undefined)
    await released
  }

  /** Gives up all that is still held; the trials stay as they are. */
  async releaseAll(): Promise<void> {
    await this.#abandoning
    await Promise.all([...this.#held].map(([trial, signature]) => this.#guard.release(signature, this.#owner(trial))))
    this.#held.clear()
  }

  /** Renews the leases of all trials of this process that are not told yet. */
  async renew(): Promise<void> {
    if (this.#held.size > 0) await this.#guard.renew([...this.#held.keys()].map(trial => this.#owner(trial)))
  }

  /** Wakes who waited. An heir counts as running from this moment on, so that no later ask comes before it. */
  #end(trial: number, signature: string | undefined, answered: boolean): void {
    const heir = this.#room.end(trial, answered)
    if (heir !== undefined && signature !== undefined) this.trials.begin(signature, heir)
  }

  /** What the trials known here answer. Undefined for one that another process runs: the guard knows whether that process still lives. */
  async #here({ kind, number }: Known, signature: string, horizon: number): Promise<Claimed | undefined> {
    if (kind === 'running' && (this.#room.has(number) || number >= horizon)) return { kind, number, stored: true }
    const record = await this.#ctx.trial(number)
    if (!record) return undefined
    this.trials.add(record)
    return isAnswer(record) && this.trials.signatureOf(record) === signature ? { kind: 'known', record } : undefined
  }

  /** What a claim of another trial is worth. Undefined when it is void: its trial failed, has other params, or does not hold it. */
  async #theirs(
    signature: string,
    { kind, by }: Exclude<Claim, { kind: 'mine' }>,
    trial: number,
    horizon: number
  ): Promise<Claimed | undefined> {
    const record = await this.#ctx.trial(by.trial)
    const signed = record && this.trials.signatureOf(record)
    // Claimed before its params are stored: the other process is between the two.
    if (!record || (record.state === 'running' && signed === undefined))
      return kind === 'running' ? { kind, number: by.trial, stored: false } : undefined
    this.trials.add(record)
    if (signed !== signature) return undefined
    // Left by a worker that lost the number to this process, where the trial waits for a twin: perhaps for the one that asks.
    if (this.#ours.has(by.trial) && this.#held.get(by.trial) !== signature) return undefined
    if (record.state === 'running' || (by.trial >= horizon && by.trial < trial)) return { kind: 'running', number: by.trial, stored: true }
    return isAnswer(record) ? { kind: 'known', record } : undefined
  }

  /** The record of a worker that died after it had told its trial and before the guard knew. The claim is then put right. */
  async #toldBy(from: Owner, signature: string, trial: number): Promise<TrialRecord | undefined> {
    const record = await this.#ctx.trial(from.trial)
    if (!record || !isAnswer(record) || this.trials.signatureOf(record) !== signature) return undefined
    this.trials.add(record)
    await this.#guard.release(signature, this.#owner(trial))
    await this.#guard.addMany([signature], from)
    return record
  }

  #owner(trial: number): Owner {
    return { study: this.#ctx.name, trial, worker: this.#worker }
  }
}

/** Whether a record was evaluated to an end that another trial can take over. */
function isAnswer({ state, reusedFrom }: TrialRecord): boolean {
  return (state === 'complete' || state === 'pruned') && reusedFrom === undefined
}
