import { type Attributes, context, type Link, type Span, type Tracer, trace } from '@opentelemetry/api'
import type { EvaluateCall, StudyEvent, TrialOutcome } from '@rxtuna/core'
import { addParams, exceptionOf, markFailed, names } from './attributes.ts'

interface OpenTrial {
  readonly span: Span
  /** Whether params are on the span already. */
  readonly hasParams: boolean
  reports: number
}

/**
 * The spans of one study: `study.optimize` per run, and per trial a trace of its own, `trial`, linked to the run. All times are given by the
 * caller, in milliseconds since the epoch.
 */
export class StudySpans {
  readonly #tracer: Tracer
  readonly #study: string
  readonly #maxReports: number
  readonly #trials = new Map<number, OpenTrial>()
  #run: Span | undefined

  constructor(tracer: Tracer, study: string, maxReports: number) {
    this.#tracer = tracer
    this.#study = study
    this.#maxReports = maxReports
  }

  /** A child of the span in which `optimize` was called, if there is one. */
  runStarted({ concurrency }: StudyEvent<'study.started'>, at: number): void {
    const attributes = { [names.study]: this.#study, [names.concurrency]: concurrency }
    this.#run = this.#tracer.startSpan('study.optimize', { startTime: at, attributes })
  }

  runFinished({ reason, complete, pruned, failed, reused }: StudyEvent<'study.finished'>, at: number): void {
    this.#run?.setAttributes({
      [names.reason]: reason,
      [names.complete]: complete,
      [names.pruned]: pruned,
      [names.failed]: failed,
      [names.reusedCount]: reused
    })
    this.#run?.end(at)
    this.#run = undefined
  }

  /** Only now is it known that the ask came to a trial; its spans begin when the ask did. */
  trialStarted({ trial, params }: StudyEvent<'trial.started'>, askedAt: number, at: number): void {
    const attributes: Attributes = { [names.study]: this.#study, [names.trial]: trial }
    if (params) addParams(attributes, params)
    const around = context.active()
    const origin = this.#run?.spanContext() ?? trace.getSpanContext(around)
    const links: Link[] = origin ? [{ context: origin }] : []
    this.#endUntold(trial, at)
    const span = this.#tracer.startSpan('trial', { root: true, startTime: askedAt, attributes, links }, around)
    this.#trials.set(trial, { span, hasParams: params !== undefined, reports: 0 })
    if (span.isRecording()) this.#tracer.startSpan('trial.ask', { startTime: askedAt }, trace.setSpan(around, span)).end(at)
  }

  trialReported({ trial, step, value }: StudyEvent<'trial.reported'>, at: number): void {
    const open = this.#trials.get(trial)
    if (!open || ++open.reports > this.#maxReports) return
    open.span.addEvent('report', { [names.step]: step, [names.value]: value }, at)
  }

  trialEnded(event: StudyEvent<'trial.completed' | 'trial.pruned' | 'trial.failed'>, at: number): void {
    const { trial, record } = event
    const open = this.#trials.get(trial)
    if (!open) return
    this.#trials.delete(trial)
    const { span } = open
    if (span.isRecording()) {
      const attributes: Attributes = { [names.state]: record.state, [names.values]: [...record.values], [names.reports]: open.reports }
      if (record.reusedFrom !== undefined) attributes[names.reusedFrom] = record.reusedFrom
      if (!open.hasParams) addParams(attributes, record.params)
      span.setAttributes(attributes)
      if (event.type === 'trial.failed') {
        span.recordException(exceptionOf(event.error), at)
        markFailed(span, event.error)
      }
    }
    span.end(at)
  }

  /** The span of an evaluation, a child of its trial's. Undefined for a trial that was not seen to start. */
  evaluationStarted({ trial, twin }: EvaluateCall, at: number): Span | undefined {
    const open = this.#trials.get(trial.number)
    if (!open) return undefined
    const attributes = twin === undefined ? {} : { [names.twin]: twin }
    return this.#tracer.startSpan('trial.evaluate', { startTime: at, attributes }, trace.setSpan(context.active(), open.span))
  }

  evaluationEnded(span: Span, outcome: TrialOutcome, at: number): void {
    if (outcome.state === 'failed') markFailed(span, outcome.error)
    span.end(at)
  }

  /** What ends each span that is open, for a study that closes. */
  endings(): readonly ((at: number) => void)[] {
    return [...this.#trials.keys()].map(trial => at => this.#endUntold(trial, at))
  }

  #endUntold(trial: number, at: number): void {
    const open = this.#trials.get(trial)
    if (!open) return
    this.#trials.delete(trial)
    open.span.setAttributes({ [names.state]: 'running', [names.untold]: true, [names.reports]: open.reports })
    open.span.end(at)
  }
}
