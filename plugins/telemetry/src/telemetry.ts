import { context, diag, type Span, type Tracer, trace } from '@opentelemetry/api'
import type { Plugin, PluginContext, StudyEvent } from '@rxtuna/core'
import { type Clock, steadyClock } from './clock.ts'
import { problem } from './errors.ts'
import { type Instruments, instrumentsOf } from './instruments.ts'
import { LentCaches } from './lent-caches.ts'
import { loadSpansOf } from './load-spans.ts'
import { registeredMeter, registeredTracer } from './registered.ts'
import { StudyMetrics } from './study-metrics.ts'
import { StudySpans } from './study-spans.ts'

export interface TelemetryOptions {
  /** Reports of a trial that become events on its span, the first ones. Default 32. */
  readonly maxReports?: number
  /** Milliseconds since the epoch; for tests. Default: the machine's clock, with fractions. */
  readonly clock?: Clock
}

const name = 'telemetry'

/**
 * Spans and metrics for trials and for every cache that another plugin registered, through `@opentelemetry/api`. What is registered there when
 * the study is created is used: without a tracer provider no span is made, without a meter provider nothing is counted, and without both the
 * plugin takes no part in the study at all. What an SDK throws becomes `plugin.failed` and fails no trial. Throws for bad options.
 */
export function telemetry(options: TelemetryOptions = {}): Plugin {
  const { maxReports = 32, clock = steadyClock() } = options
  if (!Number.isInteger(maxReports) || maxReports < 0) throw problem('MAX_REPORTS', maxReports)
  return {
    name,
    install(study) {
      const tracer = registeredTracer()
      const meter = registeredMeter()
      if (tracer || meter) watch(study, tracer, meter && instrumentsOf(meter), maxReports, clock)
      else diag.debug('rxtuna: no SDK was registered when the study was created, so it is not watched')
    }
  }
}

function watch(
  study: PluginContext,
  tracer: Tracer | undefined,
  instruments: Instruments | undefined,
  maxReports: number,
  clock: Clock
): void {
  const failed = (error: unknown): void => study.emit('plugin.failed', { plugin: name, error })
  const attempt: Attempt = work => {
    try {
      return work()
    } catch (error) {
      failed(error)
      return undefined
    }
  }
  const spans = tracer && new StudySpans(tracer, study.name, maxReports)
  const metrics = instruments && new StudyMetrics(instruments, study.name)
  const caches = new LentCaches(study, { instruments, loads: tracer && loadSpansOf(tracer), clock, failed })
  // Asks of a study run one after another.
  let asking: { readonly trial: number; readonly at: number } | undefined

  study.intercept('ask', async (call, next) => {
    attempt(() => caches.look())
    // A redraw by a plugin further out belongs to the same ask.
    if (asking?.trial !== call.trial) asking = { trial: call.trial, at: clock() }
    const result = await next(call)
    if (metrics) attempt(() => metrics.drawn(result.attempt - call.attempt))
    return result
  })
  if (spans) interceptEvaluate(study, spans, clock, attempt)

  const seen = (event: StudyEvent): void => {
    const at = clock()
    switch (event.type) {
      case 'study.started':
        caches.look()
        spans?.runStarted(event, at)
        break
      case 'study.finished':
        spans?.runFinished(event, at)
        break
      case 'study.improved':
        metrics?.improved(event)
        break
      case 'trial.started': {
        const askedAt = asking?.trial === event.trial ? asking.at : at
        asking = undefined
        metrics?.trialStarted(event, askedAt, at)
        spans?.trialStarted(event, askedAt, at)
        break
      }
      case 'trial.reported':
        spans?.trialReported(event, at)
        break
      case 'trial.completed':
      case 'trial.pruned':
      case 'trial.failed':
        metrics?.trialEnded(event, at)
        spans?.trialEnded(event, at)
        break
      case 'ask.abandoned':
        asking = undefined
        metrics?.abandoned()
        break
      case 'plugin.failed':
        metrics?.pluginFailed(event)
    }
  }
  const subscription = study.events$.subscribe(seen)
  study.scope.defer(() => {
    for (const end of spans?.endings() ?? []) attempt(() => end(clock()))
    subscription.unsubscribe()
  })
}

/** Does the work, or says that the plugin failed: what an SDK throws is no fault of the trial. */
type Attempt = <T>(work: () => T) => T | undefined

/** The objective runs in the context of its span, so that spans of its own become children. */
function interceptEvaluate(study: PluginContext, spans: StudySpans, clock: Clock, attempt: Attempt): void {
  study.intercept('evaluate', async (call, next) => {
    const span: Span | undefined = attempt(() => spans.evaluationStarted(call, clock()))
    if (!span) return next(call)
    try {
      const outcome = await context.with(trace.setSpan(context.active(), span), () => next(call))
      attempt(() => spans.evaluationEnded(span, outcome, clock()))
      return outcome
    } catch (error) {
      attempt(() => spans.evaluationEnded(span, { state: 'failed', error }, clock()))
      throw error
    }
  })
}
