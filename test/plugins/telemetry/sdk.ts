import { context, metrics, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  type SpanProcessor,
  TracerProvider
} from '@opentelemetry/sdk-trace'

/** One number of a metric, or a histogram's count and sum. */
export interface Point {
  readonly labels: Readonly<Record<string, unknown>>
  readonly value: number
  readonly sum?: number
}
export interface Metric {
  readonly unit: string
  readonly description: string
  readonly points: readonly Point[]
}
export interface RegisteredSdk extends AsyncDisposable {
  spans(name?: string): readonly ReadableSpan[]
  /** Collects now: the metrics by name. */
  metrics(): Promise<ReadonlyMap<string, Metric>>
}
interface SdkOptions {
  readonly traces?: boolean
  readonly meters?: boolean
  readonly sampler?: Sampler
  readonly processors?: readonly SpanProcessor[]
}

/** Registers the SDK globally, as a program does, with exporters in memory. Disposing takes it away again. */
export function registerSdk({ traces = true, meters = true, sampler, processors = [] }: SdkOptions = {}): RegisteredSdk {
  const spanExporter = new InMemorySpanExporter()
  const tracerProvider = new TracerProvider({
    spanProcessors: [...processors, new SimpleSpanProcessor({ exporter: spanExporter })],
    ...(sampler ? { sampler } : {})
  })
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })]
  })
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  if (traces) trace.setGlobalTracerProvider(tracerProvider)
  if (meters) metrics.setGlobalMeterProvider(meterProvider)
  return {
    spans: name => spanExporter.getFinishedSpans().filter(span => name === undefined || span.name === name),
    async metrics() {
      metricExporter.reset()
      await meterProvider.forceFlush()
      const scopes = metricExporter.getMetrics().flatMap(resource => resource.scopeMetrics)
      const ours = scopes.filter(scope => scope.scope.name === 'rxtuna').flatMap(scope => scope.metrics)
      return new Map(
        ours.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          { unit: descriptor.unit, description: descriptor.description, points: dataPoints.map(pointOf) }
        ])
      )
    },
    async [Symbol.asyncDispose]() {
      trace.disable()
      metrics.disable()
      context.disable()
      await tracerProvider.shutdown()
      await meterProvider.shutdown()
    }
  }
}

function pointOf({ attributes, value }: { attributes: Record<string, unknown>; value: unknown }): Point {
  if (typeof value === 'number') return { labels: attributes, value }
  const { count, sum } = value as { count: number; sum?: number }
  return { labels: attributes, value: count, ...(sum === undefined ? {} : { sum }) }
}

/** The sum of a metric's points that have these labels. */
export function total(metric: Metric | undefined, labels: Readonly<Record<string, unknown>> = {}): number {
  let sum = 0
  for (const point of metric?.points ?? [])
    if (Object.entries(labels).every(([label, value]) => point.labels[label] === value)) sum += point.value
  return sum
}
