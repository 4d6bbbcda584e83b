import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api'
import type { Params } from '@rxtuna/core'

/** The attributes of spans and metrics. Those that take any number of values are on spans only. */
export const names = {
  study: 'rxtuna.study.name',
  trial: 'rxtuna.trial.number',
  state: 'rxtuna.trial.state',
  reused: 'rxtuna.trial.reused',
  reusedFrom: 'rxtuna.trial.reused_from',
  values: 'rxtuna.trial.values',
  reports: 'rxtuna.trial.reports',
  untold: 'rxtuna.trial.untold',
  twin: 'rxtuna.trial.twin',
  param: 'rxtuna.param.',
  concurrency: 'rxtuna.run.concurrency',
  reason: 'rxtuna.run.reason',
  complete: 'rxtuna.run.complete',
  pruned: 'rxtuna.run.pruned',
  failed: 'rxtuna.run.failed',
  reusedCount: 'rxtuna.run.reused',
  step: 'rxtuna.report.step',
  value: 'rxtuna.report.value',
  cache: 'rxtuna.cache.name',
  key: 'rxtuna.cache.key',
  tier: 'rxtuna.cache.tier',
  plugin: 'rxtuna.plugin.name',
  /** OpenTelemetry's own. */
  errorType: 'error.type'
} as const

/** Adds one attribute per param. Attributes have no null, so a null choice is the text "null". */
export function addParams(attributes: Attributes, params: Params): void {
  for (const name in params) attributes[names.param + name] = params[name] ?? 'null'
}

/** The study as a label of metrics: a name that was made up, and so is another one each time, is "no-name". */
export function studyLabel(study: string): string {
  return study.startsWith('no-name-') ? 'no-name' : study
}

/** Marks a span as failed, without recording the exception. */
export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : String(error) })
  span.setAttribute(names.errorType, error instanceof Error ? error.name : '_OTHER')
}

/** An error as `recordException` takes it. */
export function exceptionOf(error: unknown): Error | string {
  return error instanceof Error ? error : String(error)
}
