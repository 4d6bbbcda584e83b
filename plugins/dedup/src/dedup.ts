import {
  type AskCall,
  type AskResult,
  inBatches,
  ofType,
  type Plugin,
  type PluginContext,
  systemKeys,
  type TrialOutcome,
  type TrialRecord
} from '@rxtuna/core'
import { openWorker } from '@rxtuna/core/node'
import { Subject, takeUntil } from 'rxjs'
import { type Claimed, Claims } from './claims.ts'
import { dedupError } from './errors.ts'
import type { SignatureGuard } from './guard.ts'
import { openMemoryGuard } from './memory-guard.ts'
import { pause } from './pause.ts'
import { Repeats } from './repeats.ts'
import { Scopes, type UserScope } from './scope.ts'

export interface DedupOptions {
  /** Where claims are kept. Default: in memory; a function opens a guard that is closed with the study. */
  readonly guard?: SignatureGuard | (() => Promise<SignatureGuard>)
  /** `reuse` takes the earlier outcome over, `resample` draws again, `prune` ends the trial as pruned. Default `reuse`. */
  readonly onDuplicate?: 'reuse' | 'resample' | 'prune'
  /** What else makes an outcome what it is: the data's version, symbols, period. The objective's code is added by itself. */
  readonly scope?: UserScope
}

declare module '@rxtuna/core' {
  interface EventMap {
    /** A trial has the params of another one, which was or is being evaluated. */
    'dedup.repeated': { readonly trial: number; readonly of: number; readonly policy: 'reuse' | 'resample' | 'prune' }
  }
}

const batchMs = 50
const batchSize = 500
const renewMs = 20_000
const askMs = 2

/**
 * One evaluation per parameter set: a set that is known comes back from `ask` with its `answer`, one that is running with its `twin`, for which
 * `optimize` waits. Sets are the same when study, objective's code, scope and `paramKey` are.
 */
export function dedup(options: DedupOptions = {}): Plugin {
  const { guard, onDuplicate = 'reuse', scope = {} } = options
  if (!['reuse', 'resample', 'prune'].includes(onDuplicate))
    throw dedupError('DEDUP_OPTION', 'onDuplicate', "'reuse', 'resample' or 'prune'", onDuplicate)
  if (guard !== undefined && typeof guard !== 'function' && typeof guard?.claim !== 'function')
    throw dedupError('DEDUP_OPTION', 'guard', 'a guard, or a function that opens one', guard)
  const scopes = new Scopes(scope)
  return {
    name: 'dedup',
    async install(ctx) {
      const opened = typeof guard === 'function' ? ctx.scope.use(await guard()) : (guard ?? ctx.scope.use(openMemoryGuard()))
      const { worker } = ctx.scope.use(openWorker())
      const claims = new Claims(ctx, opened, JSON.stringify(worker))
      new Dedup(ctx, claims, scopes, onDuplicate).install()
    }
  }
}

class Dedup {
  readonly #ctx: PluginContext
  readonly #claims: Claims
  readonly #scopes: Scopes
  readonly #onDuplicate: 'reuse' | 'resample' | 'prune'
  /** Signatures of trials that wait for a twin. */
  readonly #following = new Map<number, string>()
  #loaded: Promise<void> | undefined

  constructor(ctx: PluginContext, claims: Claims, scopes: Scopes, onDuplicate: 'reuse' | 'resample' | 'prune') {
    this.#ctx = ctx
    this.#claims = claims
    this.#scopes = scopes
    this.#onDuplicate = onDuplicate
  }

  install(): void {
    const { events$, scope } = this.#ctx
    const closing = new Subject<void>()
    let written: Promise<unknown> = Promise.resolve()
    const failed = (error: unknown): void => this.#ctx.emit('plugin.failed', { plugin: 'dedup', error })
    const begun = events$.pipe(ofType('trial.started')).subscribe(({ trial }) => this.#claims.started(trial))
    const ends$ = events$.pipe(ofType('trial.completed', 'trial.pruned', 'trial.failed'))
    const noticed = ends$.subscribe(event => {
      this.#following.delete(event.trial)
      this.#claims.notice(event)
    })
    const batched = ends$.pipe(takeUntil(closing), inBatches(batchMs, batchSize)).subscribe(batch => {
      written = written.then(() => this.#claims.told(batch)).catch(failed)
    })
    // Not batched: the number may be asked for again at once.
    const abandoned = events$.pipe(ofType('ask.abandoned')).subscribe(({ trial }) => {
      this.#following.delete(trial)
      this.#claims.abandon(trial).catch(failed)
    })
    const renewal = setInterval(() => this.#claims.renew().catch(failed), renewMs)
    renewal.unref()
    scope.defer(async () => {
      clearInterval(renewal)
      closing.next()
      for (const subscription of [batched, noticed, abandoned, begun]) subscription.unsubscribe()
      await written
      await this.#claims.releaseAll()
    })
    this.#ctx.intercept('ask', async (call, next) => {
      const drawn = await next(call)
      if (drawn.params === undefined || call.objective === undefined) return drawn
      await this.#load()
      const signedScope = await this.#scopes.of(call.objective)
      return this.#answer({ ...call, objective: call.objective }, signedScope, drawn, attempt => next({ ...call, attempt }))
    })
    this.#ctx.intercept('evaluate', async (call, next) => {
      const signature = this.#following.get(call.trial.number)
      if (call.twin === undefined || signature === undefined) return next(call)
      this.#following.delete(call.trial.number)
      const claimed = await this.#follow(call.twin, signature, call.trial.number, call.trial.signal)
      if (claimed instanceof Aborted) return { state: 'failed', error: claimed.reason, cause: 'aborted' }
      if (claimed.kind === 'mine') return next(call)
      this.#ctx.emit('dedup.repeated', { trial: call.trial.number, of: claimed.record.number, policy: 'reuse' })
      return taken(claimed.record)
    })
  }

  /** Reads the study's trials, once; after an error the next ask tries again. */
  #load(): Promise<void> {
    const load = async (): Promise<void> => {
      for await (const record of this.#ctx.trials()) this.#claims.trials.add(record)
    }
    this.#loaded ??= load().catch(error => {
      this.#loaded = undefined
      throw error
    })
    return this.#loaded
  }

  /** Claims what was drawn; a duplicate is answered, followed or drawn again. */
  async #answer(
    { trial, horizon, objective }: AskCall & { readonly objective: NonNullable<AskCall['objective']> },
    scope: string,
    drawn: AskResult,
    redraw: (attempt: number) => Promise<AskResult>
  ): Promise<AskResult> {
    // An interceptor around this one may ask again: what it rejected is free.
    await this.#claims.abandon(trial)
    this.#following.delete(trial)
    const repeats = new Repeats('table' in objective.space ? objective.space.table : undefined)
    let result = drawn
    for (;;) {
      const { params = {}, distributions = {} } = result
      const signature = this.#claims.trials.signature(scope, { params, distributions })
      const claimed = await this.#claims.claim(signature, trial, horizon)
      if (claimed.kind !== 'mine' && this.#onDuplicate === 'resample' && !result.fixed) {
        this.#ctx.emit('dedup.repeated', { trial, of: numberOf(claimed), policy: 'resample' })
        repeats.add(signature, distributions)
        result = await redraw(result.attempt + 1)
        continue
      }
      const signed = { ...result, systemAttributes: { ...result.systemAttributes, [systemKeys.scope]: scope } }
      if (claimed.kind === 'mine') return signed
      if (this.#onDuplicate === 'prune') {
        if (claimed.kind === 'running' && !claimed.stored) {
          // What is stored as repeated must be: the other worker is about to store its params, or to lose its number.
          await pause(askMs, this.#ctx.signal)
          continue
        }
        this.#ctx.emit('dedup.repeated', { trial, of: numberOf(claimed), policy: 'prune' })
        return {
          ...signed,
          answer: { state: 'pruned', reason: `The params repeat those of trial ${numberOf(claimed)}.`, reusedFrom: numberOf(claimed) }
        }
      }
      if (claimed.kind === 'running') {
        this.#following.set(trial, signature)
        return { ...signed, twin: claimed.number }
      }
      this.#ctx.emit('dedup.repeated', { trial, of: claimed.record.number, policy: 'reuse' })
      return { ...signed, answer: taken(claimed.record) }
    }
  }

  async #follow(
    leader: number,
    signature: string,
    trial: number,
    signal: AbortSignal
  ): Promise<Exclude<Claimed, { kind: 'running' }> | Aborted> {
    try {
      return await this.#claims.follow(leader, signature, trial, signal)
    } catch (error) {
      if (signal.aborted) return new Aborted(signal.reason)
      throw error
    }
  }
}

class Aborted {
  readonly reason: unknown
  constructor(reason: unknown) {
    this.reason = reason
  }
}

const numberOf = (claimed: Exclude<Claimed, { kind: 'mine' }>): number =>
  claimed.kind === 'known' ? claimed.record.number : claimed.number

/** The outcome of a record, to be taken over whole. */
function taken(record: TrialRecord): TrialOutcome {
  const { number, values, constraints, reports } = record
  const evidence = { constraints, reports, reusedFrom: number }
  return record.state === 'complete' ? { state: 'complete', value: values, ...evidence } : { state: 'pruned', ...evidence }
}
