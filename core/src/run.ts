import { type AskRequest, ask } from './asking.ts'
import { problem, StudyError, sentence, show } from './errors.ts'
import { type EvaluationOptions, evaluate, longestTimer } from './evaluation.ts'
import { LiveTrial } from './live-trial.ts'
import type { OneByOne } from './one-by-one.ts'
import { assertOutcome, warnOfFailure } from './outcome.ts'
import type { AnyObjective, OptimizeOptions, StopReason } from './study.ts'
import type { StudyCore } from './study-core.ts'
import { tellLive } from './telling.ts'
import { systemKeys, type TrialOutcome } from './trial.ts'

/** What a run has counted. */
export interface RunCounts {
  complete: number
  pruned: number
  failed: number
  reused: number
}

const mostAskErrors = 10
const longestTurnMs = 50
/** Repeats one after another by which a run of `unique` has seen that nothing new comes; as many as draws that `where` may reject. */
const mostRepeats = 1000

/** One `optimize`: lanes that ask, evaluate and tell until a budget, a clock, a signal or an error ends them. */
export class Run {
  readonly counts: RunCounts = { complete: 0, pruned: 0, failed: 0, reused: 0 }
  readonly #core: StudyCore
  readonly #objective: AnyObjective
  readonly #options: OptimizeOptions
  readonly #asks: OneByOne
  readonly #askOnce: () => ReturnType<typeof ask>
  readonly #evaluation: EvaluationOptions
  readonly #flights: LiveTrial[] = []
  #asked = 0
  #askErrors = 0
  #repeats = 0
  #reason: StopReason | undefined
  #failure: { readonly error: unknown } | undefined
  #wake: () => void = () => {}
  #alone = false
  /** Whether the present ask has told a trial failed. */
  #hasFailed = false
  /** What has been warned of. */
  readonly #said = new Set<string>()
  #turnedAt = performance.now()

  /** `asks` are those of the study, of which there is one at a time. */
  constructor(core: StudyCore, objective: AnyObjective, options: OptimizeOptions, asks: OneByOne) {
    this.#core = core
    this.#objective = objective
    this.#options = options
    this.#asks = asks
    const { deterministic, until, trialTimeout, onError } = options
    const request: AskRequest = {
      objective,
      ...(typeof objective === 'function' ? {} : { space: objective.space }),
      failed: () => this.#askFailed(),
      drawsOn: () => this.#drawsOn(),
      ...(onError === 'continue' ? { redraws: error => this.#redraws(error) } : {}),
      ...(until === undefined ? {} : { until }),
      ...(deterministic ? { lanes: this.#lanes, assertAlone: () => this.#assertAlone() } : {})
    }
    this.#askOnce = () => ask(core, request)
    this.#evaluation = { objectives: core.directions.length, ...(trialTimeout === undefined ? {} : { trialTimeout }) }
  }

  /** Ends the run after the trials in flight. */
  stop(reason: StopReason): void {
    this.#reason ??= reason
    this.#wake()
  }

  /** Fails the trials in flight as aborted; `start` then rejects with the reason. */
  abort(reason: unknown): void {
    this.#failure ??= { error: reason }
    for (const live of this.#flights) live.abort(reason)
    this.#wake()
  }

  /** Resolves with the reason when nothing is in flight any more; rejects with what ended the run. */
  async start(): Promise<StopReason> {
    const { timeout, deterministic } = this.#options
    const timer = timeout === undefined ? undefined : setTimeout(() => this.stop('timeout'), Math.min(timeout, longestTimer))
    try {
      await (deterministic || this.#lanes === 1 ? this.#inOrder() : this.#asTheyEnd())
    } finally {
      clearTimeout(timer)
    }
    if (this.#failure) throw this.#failure.error
    return this.#reason ?? 'trials'
  }

  get #lanes(): number {
    return this.#options.concurrency ?? 1
  }

  #mayAsk(): boolean {
    const { trials, unique } = this.#options
    if (this.#reason || this.#failure) return false
    if (trials !== undefined && this.#asked >= trials) return false
    const { complete, pruned, failed, reused } = this.counts
    // A trial in flight may turn out to be another evaluation.
    return unique === undefined || complete + pruned + failed - reused + this.#flights.length < unique
  }

  async #asTheyEnd(): Promise<void> {
    for (;;) {
      if (this.#isTurnDue()) await this.#turn()
      if (this.#flights.length < this.#lanes && this.#mayAsk()) {
        const live = await this.#ask()
        if (live instanceof LiveTrial) void this.#evaluate(live).then(outcome => this.#tell(live, outcome))
      } else if (this.#flights.length === 0) return
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
    }
  }

  /** Lets timers, signals and clicks in: trials that never wait would keep the event loop to themselves, and nothing could stop them. */
  async #turn(): Promise<void> {
    await new Promise<void>(resolve => setTimeout(resolve, 0))
    this.#turnedAt = performance.now()
  }

  #isTurnDue(): boolean {
    return performance.now() - this.#turnedAt > longestTurnMs
  }

  /** Tells in the order of the asks, one ask after each tell. A trial that was told failed by its ask holds its place among them. */
  async #inOrder(): Promise<void> {
    const queue: { readonly live: LiveTrial | 'failed'; readonly outcome?: Promise<TrialOutcome> }[] = []
    for (;;) {
      while (queue.length < this.#lanes && this.#mayAsk()) {
        // What a turn lets in may end the run.
        if (this.#isTurnDue()) {
          await this.#turn()
          continue
        }
        const live = await this.#ask()
        if (live === 'failed') queue.push({ live })
        else if (live) queue.push({ live, outcome: this.#evaluate(live) })
      }
      const first = queue.shift()
      if (!first) return
      if (first.live !== 'failed' && first.outcome) await this.#tell(first.live, await first.outcome)
    }
  }

  /** `failed` when a trial was told so; undefined when the ask came to nothing: the run then has a reason to end, or tries again. */
  async #ask(): Promise<LiveTrial | 'failed' | undefined> {
    const { onError = 'throw' } = this.#options
    this.#hasFailed = false
    try {
      const live = await this.#asks.run(this.#askOnce)
      if (live === 'forbidden') return 'failed'
      if (live === 'limit') {
        this.#reason ??= 'trials'
        return undefined
      }
      this.#askErrors = 0
      this.#asked++
      this.#flights.push(live)
      if (this.#failure) live.abort(this.#failure.error)
      return live
    } catch (error) {
      const code = error instanceof StudyError ? error.code : ''
      this.#askErrors++
      if (code === 'SPACE_EXHAUSTED') this.#reason ??= 'space-exhausted'
      else if (code === 'ABORTED' && (this.#reason || this.#failure)) return undefined
      else if (onError === 'throw' || code.startsWith('DETERMINISTIC')) this.#failure ??= { error }
      else if (this.#hasFailed) return 'failed'
      else if (code === 'ASK_KEEPS_FAILING') this.#failure ??= { error }
      else if (this.#askErrors >= mostAskErrors)
        this.#failure ??= { error: new StudyError('ASK_KEEPS_FAILING', sentence('ASK_KEEPS_FAILING', mostAskErrors), { cause: error }) }
      return undefined
    }
  }

  /** A trial was told failed by an ask, which so has come further than the ones before. */
  #askFailed(): void {
    this.#hasFailed = true
    this.counts.failed++
    this.#asked++
    this.#askErrors = 0
  }

  /** Whether an ask should go on drawing, after a turn for others where one is due. */
  #drawsOn(): boolean | Promise<boolean> {
    const isWanted = (): boolean => !this.#reason && !this.#failure
    return this.#isTurnDue() ? this.#turn().then(isWanted) : isWanted()
  }

  /** The first failure of its kind that would pass unheard: others of this run are likely to have the same reason. */
  #sayOnce(trial: number, cause: string, error: unknown): void {
    const isUnheard = cause === 'invalid' || (cause === 'threw' && this.#options.onError === 'continue')
    if (!isUnheard || this.#said.has(cause)) return
    this.#said.add(cause)
    warnOfFailure(trial, error)
  }

  #redraws(error: unknown): void {
    if (this.#said.has('space')) return
    this.#said.add('space')
    console.warn(`The space threw for some params, which are drawn again: ${show(error)}`)
  }

  /** Never rejects: what an interceptor throws fails the trial. */
  async #evaluate(live: LiveTrial): Promise<TrialOutcome> {
    const phase = this.#core.host.phase('evaluate', () => evaluate(live, this.#objective, this.#evaluation))
    try {
      if (live.answer) return assertOutcome(live.answer)
      const params = live.drawsLater ? undefined : live.suggested
      return assertOutcome(await phase({ trial: live, params, ...(live.twin === undefined ? {} : { twin: live.twin }) }))
    } catch (error) {
      return { state: 'failed', error, cause: live.isAborted ? 'aborted' : 'threw' }
    }
  }

  /** Never rejects: a storage that fails ends the run. */
  async #tell(live: LiveTrial, outcome: TrialOutcome): Promise<void> {
    const { onError = 'throw', unique } = this.#options
    try {
      if (outcome.state === 'failed') this.#sayOnce(live.number, outcome.cause ?? 'threw', outcome.error)
      const record = await tellLive(this.#core, live, outcome)
      const { counts } = this
      if (record.state === 'complete') counts.complete++
      else if (record.state === 'pruned') counts.pruned++
      else counts.failed++
      const isRepeat = record.reusedFrom !== undefined && record.state !== 'failed'
      if (isRepeat) counts.reused++
      this.#repeats = isRepeat ? this.#repeats + 1 : 0
      if (unique !== undefined && this.#repeats >= mostRepeats) this.#reason ??= 'space-exhausted'
      if (outcome.state === 'failed' && (outcome.cause ?? 'threw') === 'threw' && onError === 'throw')
        this.#failure ??= { error: outcome.error }
    } catch (error) {
      this.#failure ??= { error }
    } finally {
      this.#flights.splice(this.#flights.indexOf(live), 1)
      this.#wake()
    }
  }

  /** A running trial of somebody who lives would end at a moment that nobody can repeat. */
  #assertAlone(): void {
    if (this.#alone) return
    const { log, live } = this.#core
    const mine = new Set(this.#flights.map(({ number }) => number))
    for (const record of log.records()) {
      if (record.state !== 'running' || mine.has(record.number)) continue
      if (live.has(record.number) || systemKeys.worker in record.systemAttributes) throw problem('DETERMINISTIC_RUNNING', record.number)
    }
    this.#alone = true
  }
}
