import type { Observable } from 'rxjs'
import { type AskRequest, ask } from './asking.ts'
import { Drawing } from './drawing.ts'
import { enqueue } from './enqueueing.ts'
import { problem } from './errors.ts'
import type { StudyEvent } from './events.ts'
import { assertJson } from './json.ts'
import { KnownDistributions } from './known-distributions.ts'
import type { Directions, Objective, ObjectiveFunction, Value } from './objective.ts'
import { OneByOne } from './one-by-one.ts'
import { assertKnown, assertOptimizeOptions } from './options.ts'
import { outcomeToTell, warnOfFailure } from './outcome.ts'
import { Run } from './run.ts'
import type { Sampler } from './samplers/sampler.ts'
import type { Params, Space, Suggest } from './space.ts'
import type { AnyObjective, OptimizeOptions, Study, Summary } from './study.ts'
import type { StudyCore } from './study-core.ts'
import { tellLive, tellNumber } from './telling.ts'
import type { AskedTrial, Json, Outcome, TrialOutcome, TrialRecord, TrialState } from './trial.ts'

const states: readonly TrialState[] = ['waiting', 'running', 'complete', 'pruned', 'failed']

/** A study that is open: the public face over its parts. */
export class OpenStudy<D extends Directions> implements Study<D> {
  readonly name: string
  readonly direction: D
  readonly seed: number
  readonly #core: StudyCore
  readonly #abort: AbortController
  readonly #ownsStorage: boolean
  #attributes: Readonly<Record<string, Json>>
  readonly #asks = new OneByOne()
  #run: { readonly run: Run; readonly ended: Promise<unknown> } | undefined
  /** Tells, attributes and reads on their way. */
  readonly #calls = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  constructor(core: StudyCore, direction: D, attributes: Readonly<Record<string, Json>>, abort: AbortController, ownsStorage: boolean) {
    this.name = core.name
    this.direction = direction
    this.seed = core.seed
    this.#core = core
    this.#attributes = attributes
    this.#abort = abort
    this.#ownsStorage = ownsStorage
  }

  get events$(): Observable<StudyEvent> {
    return this.#core.bus.events$
  }

  get attributes(): Readonly<Record<string, Json>> {
    return this.#attributes
  }

  ask<P>(space: Space<P> | ((suggest: Suggest) => P)): Promise<AskedTrial<P>>
  ask(): Promise<AskedTrial & Suggest>
  async ask(space?: Space<unknown> | ((suggest: Suggest) => unknown)): Promise<never> {
    this.#assertOpen()
    if (space !== undefined && typeof space !== 'function') throw problem('OPTION', 'space', 'space({ … }) or a function that draws', space)
    // What the space returned is P, as the overloads say.
    return (await this.#asks.run(() => this.#askOne(space ? { space } : {}))) as never
  }

  async #askOne(request: AskRequest): Promise<unknown> {
    for (;;) {
      const live = await ask(this.#core, request)
      if (live !== 'forbidden') return live
    }
  }

  async tell(trial: { readonly number: number } | number, result: Value<D> | Outcome<Value<D>> | TrialOutcome): Promise<TrialRecord> {
    this.#assertOpen()
    const number = typeof trial === 'number' ? trial : trial?.number
    if (!Number.isInteger(number)) throw problem('OPTION', 'trial', 'a trial or its number', trial)
    const outcome = outcomeToTell(result, this.#core.directions.length)
    const live = this.#core.live.get(number)
    const record = await this.#awaited(live ? tellLive(this.#core, live, outcome) : tellNumber(this.#core, number, outcome))
    if (outcome !== result && outcome.state === 'failed' && outcome.cause === 'invalid') warnOfFailure(number, outcome.error)
    return record
  }

  // In this order: an objective of two phases that is tried against the other form first loses the tuple type of its values.
  optimize<P>(objective: Objective<P, Value<D>>, options?: OptimizeOptions): Promise<Summary<P, D>>
  optimize(objective: ObjectiveFunction<Value<D>>, options?: OptimizeOptions): Promise<Summary<Params, D>>
  async optimize(given: unknown, options: OptimizeOptions = {}): Promise<never> {
    this.#assertOpen()
    const objective = assertObjective(given)
    assertOptimizeOptions(options)
    if (options.unique !== undefined && !this.#core.host.intercepts('ask')) throw problem('UNIQUE_NEEDS_DEDUP')
    if (this.#run) throw problem('OPTIMIZE_RUNNING', this.name)
    options.signal?.throwIfAborted()
    const run = new Run(this.#core, objective, options, this.#asks)
    // Known before it starts, so that whoever hears that it did can stop it.
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    this.#run = { run, ended }
    try {
      return (await this.#optimize(run, objective, options)) as never
    } finally {
      this.#run = undefined
      end()
    }
  }

  async #optimize(run: Run, objective: AnyObjective, options: OptimizeOptions): Promise<Summary<unknown>> {
    const { concurrency = 1, signal, trials = Number.POSITIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options
    const { bus, log } = this.#core
    const total = Math.min(log.finished.length + trials, Math.max(until, log.finished.length))
    const abort = (event: Event): void => run.abort((event.target as AbortSignal).reason)
    signal?.addEventListener('abort', abort)
    this.#abort.signal.addEventListener('abort', abort)
    if (bus.observed) bus.emit('study.started', { concurrency, ...(Number.isFinite(total) ? { total } : {}) })
    try {
      const reason = await run.start()
      const best = await this.#best(objective)
      const { complete, pruned, failed, reused } = run.counts
      if (bus.observed) bus.emit('study.finished', { reason, complete, pruned, failed, reused })
      return { reason, complete, pruned, failed, reused, best: best as never }
    } catch (error) {
      const { complete, pruned, failed, reused } = run.counts
      if (bus.observed) bus.emit('study.finished', { reason: 'stopped', complete, pruned, failed, reused })
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#abort.signal.removeEventListener('abort', abort)
    }
  }

  async enqueue(params: Params, options: { readonly skipIfExists?: boolean } = {}): Promise<void> {
    this.#assertOpen()
    assertKnown('enqueue', options, ['skipIfExists'])
    const { skipIfExists = false } = options
    await this.#asks.run(() => enqueue(this.#core, params, skipIfExists))
  }

  async trials(state?: TrialState): Promise<readonly TrialRecord[]> {
    this.#assertOpen()
    if (state !== undefined && !states.includes(state)) throw problem('OPTION', 'state', states.map(one => `'${one}'`).join(', '), state)
    return this.#awaited(this.#listed(state))
  }

  async #listed(state?: TrialState): Promise<readonly TrialRecord[]> {
    await this.#core.sync()
    const waiting = state === undefined || state === 'waiting' ? await this.#core.storage.waiting(this.name) : []
    const known = [...this.#core.log.records()].filter(
      record => record.state !== 'waiting' && (state === undefined || record.state === state)
    )
    return [...known, ...waiting].sort((a, b) => a.number - b.number)
  }

  async *stream(): AsyncIterableIterator<TrialRecord> {
    this.#assertOpen()
    let cursor: unknown
    for (;;) {
      const page = await this.#awaited(this.#core.storage.read(this.name, cursor, 1000))
      yield* page.trials
      if (page.trials.length < 1000) break
      cursor = page.cursor
      this.#assertOpen()
    }
    this.#assertOpen()
    yield* await this.#awaited(this.#core.storage.waiting(this.name))
  }

  async best(): Promise<D extends readonly unknown[] ? readonly TrialRecord[] : TrialRecord | undefined> {
    this.#assertOpen()
    await this.#awaited(this.#core.sync())
    const { log } = this.#core
    return (Array.isArray(this.direction) ? log.front() : log.best) as never
  }

  async setAttribute(key: string, value: Json): Promise<void> {
    this.#assertOpen()
    assertJson(key, value)
    await this.#awaited(this.#core.storage.setAttributes(this.name, { [key]: value }))
    this.#attributes = Object.freeze({ ...this.#attributes, [key]: structuredClone(value) })
  }

  stop(): void {
    this.#run?.run.stop('stopped')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const { live, host, storage, bus } = this.#core
    const reason = problem('STUDY_CLOSED', this.name)
    this.#abort.abort(reason)
    await this.#run?.ended
    await this.#asks.idle()
    await Promise.allSettled(this.#calls)
    for (const trial of live.values()) {
      trial.abort(reason)
      await trial.writes.written()
      trial.end()
    }
    try {
      await host.dispose()
    } finally {
      try {
        if (this.#ownsStorage) await storage[Symbol.asyncDispose]()
      } finally {
        bus.complete()
      }
    }
  }

  /** The best of the study, its params as the space returns them. */
  async #best(objective: AnyObjective): Promise<unknown> {
    const best = await this.best()
    const replayed = (record: TrialRecord): unknown => ({ ...record, params: this.#replayed(objective, record) })
    if (Array.isArray(best)) return best.map(replayed)
    return best === undefined ? undefined : replayed(best as TrialRecord)
  }

  #replayed(objective: AnyObjective, record: TrialRecord): unknown {
    if (typeof objective === 'function') return record.params
    const history = this.#core.view(record.number, 0)
    try {
      const known = new KnownDistributions()
      return objective.space(new Drawing({ sampler: drawsNothing, history, known, fixed: record.params, joint: {}, warn: () => {} }))
    } catch {
      // A space that was changed since may not take what was best before, or want more than that; the run is no failure for that.
      return record.params
    }
  }

  /** Lets `close` wait for a call of the storage. */
  async #awaited<T>(call: Promise<T>): Promise<T> {
    this.#calls.add(call)
    try {
      return await call
    } finally {
      this.#calls.delete(call)
    }
  }

  #assertOpen(): void {
    if (this.#closing) throw problem('STUDY_CLOSED', this.name)
  }
}

/** A replay has every value, or it is none. */
const drawsNothing: Sampler = {
  name: 'none',
  sample(name) {
    throw problem('PARAM_VALUE', name, undefined, 'a stored value')
  }
}

function assertObjective(given: unknown): AnyObjective {
  if (typeof given === 'function') return given as AnyObjective
  const { space, evaluate } = (given ?? {}) as Partial<Objective<unknown, unknown>>
  if (typeof evaluate === 'function' && typeof space === 'object' && space !== null) throw problem('OBJECTIVE_SPACE', space)
  if (typeof space !== 'function' || typeof evaluate !== 'function') throw problem('OBJECTIVE_SHAPE', given)
  return given as AnyObjective
}
