import { type PluginContext, type StudyEvent, systemKeys, type TrialRecord } from '@rxtuna/core'
import type { Claim, Owner, SignatureGuard } from './guard.ts'
import { type Known, KnownTrials } from './known-trials.ts'
import { WaitingRoom } from './waiting-room.ts'

/** What a claim came to: evaluate it, or another trial does or did. */
export type Claimed =
  | { readonly kind: 'mine' }
  | { readonly kind: 'running'; readonly number: number }
  | { readonly kind: 'known'; readonly record: TrialRecord }
export type Told = StudyEvent<'trial.completed' | 'trial.pruned' | 'trial.failed' | 'ask.abandoned'>

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

  constructor(ctx: PluginContext, guard: SignatureGuard, worker: string) {
    this.#ctx = ctx
    this.#guard = guard
    this.#worker = worker
    this.trials = new KnownTrials(ctx.name)
  }

  /** Claims a signature for a trial. Never waits for an evaluation. */
  async claim(signature: string, trial: number, horizon?: number): Promise<Claimed> {
    const here = this.trials.find(signature, trial, horizon)
    const answer = here && (await this.#here(here, horizon))
    if (answer) return answer
    for (;;) {
      const claim = await this.#guard.claim(signature, this.#owner(trial))
      if (claim.kind === 'mine') {
        this.trials.begin(signature, trial)
        this.#held.set(trial, signature)
        this.#room.begin(trial)
        return { kind: 'mine' }
      }
      const theirs = await this.#theirs(signature, claim)
      if (theirs) return theirs
      await this.#guard.release(signature, claim.by)
    }
  }

  /** Waits until the leader has been told, then claims for the follower: an answer, or the evaluation is its own. Rejects when the signal aborts. */
  async follow(leader: number, signature: string, trial: number, signal: AbortSignal): Promise<Exclude<Claimed, { kind: 'running' }>> {
    for (let next = leader; ; ) {
      signal.throwIfAborted()
      const record = this.#room.has(next) ? await this.#room.wait(next, trial, signal) : await this.#ctx.trial(next)
      if (record) this.trials.add(record)
      const claimed = await this.claim(signature, trial)
      if (claimed.kind !== 'running') return claimed
      // Still under way in another process: look again in a while.
      if (claimed.number === next && !this.#room.has(next)) await pause(pollMs, signal)
      next = claimed.number
    }
  }

  /** Takes over what an event says, at once; resolves when the guard has been told. */
  told(events: readonly Told[]): Promise<unknown> {
    return Promise.all(
      events.map(event => {
        const signature = this.#held.get(event.trial)
        if (signature === undefined) return undefined
        this.#held.delete(event.trial)
        const owner = this.#owner(event.trial)
        const evaluated = (event.type === 'trial.completed' || event.type === 'trial.pruned') && event.record.reusedFrom === undefined
        return evaluated ? this.#guard.settle(signature, owner) : this.#guard.release(signature, owner)
      })
    )
  }

  /** What this process knows follows each event at once; only the guard's rows are batched. */
  notice(event: Told): void {
    if (event.type === 'ask.abandoned') {
      const signature = this.#held.get(event.trial)
      if (signature !== undefined) this.trials.forget(signature, event.trial)
      this.#room.forget(event.trial)
      return
    }
    this.trials.add(event.record)
    this.#room.end(event.record)
  }

  /** Gives up all that is still held; the trials stay as they are. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held].map(([trial, signature]) => this.#guard.release(signature, this.#owner(trial))))
    this.#held.clear()
  }

  async renew(): Promise<void> {
    if (this.#held.size > 0) await this.#guard.renew([...this.#held.keys()].map(trial => this.#owner(trial)))
  }

  /** What the trials known here answer. Undefined for one that another process runs: the guard knows whether that process still lives. */
  async #here({ kind, number }: Known, horizon: number = Number.POSITIVE_INFINITY): Promise<Claimed | undefined> {
    if (kind === 'running' && (this.#room.has(number) || number >= horizon)) return { kind, number }
    const record = await this.#ctx.trial(number)
    if (record) this.trials.add(record)
    return record && isAnswer(record) ? { kind: 'known', record } : undefined
  }

  /** What a claim of another trial is worth. Undefined when it is void: its trial failed, or has other params. */
  async #theirs(signature: string, { kind, by }: Exclude<Claim, { kind: 'mine' }>): Promise<Claimed | undefined> {
    const record = await this.#ctx.trial(by.trial)
    const scope = record?.systemAttributes[systemKeys.scope]
    // Claimed before its params are stored: the other process is between the two.
    if (!record || (record.state === 'running' && typeof scope !== 'string'))
      return kind === 'running' ? { kind, number: by.trial } : undefined
    this.trials.add(record)
    if (typeof scope !== 'string' || this.trials.signature(scope, record) !== signature) return undefined
    if (record.state === 'running') return { kind: 'running', number: by.trial }
    return isAnswer(record) ? { kind: 'known', record } : undefined
  }

  #owner(trial: number): Owner {
    return { study: this.#ctx.name, trial, worker: this.#worker }
  }
}

/** Whether a record was evaluated to an end that another trial can take over. */
function isAnswer({ state, reusedFrom }: TrialRecord): boolean {
  return (state === 'complete' || state === 'pruned') && reusedFrom === undefined
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', leave)
      resolve()
    }, ms)
    signal.addEventListener('abort', leave, { once: true })
  })
}
