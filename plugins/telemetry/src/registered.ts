import { createNoopMeter, type Meter, metrics, ProxyTracer, type Tracer, trace } from '@opentelemetry/api'

const scope = 'rxtuna'

/** The tracer of the registered provider. Undefined while none is registered: the API then hands out proxies that lead nowhere. */
export function registeredTracer(): Tracer | undefined {
  const tracer = trace.getTracer(scope)
  return tracer instanceof ProxyTracer ? undefined : tracer
}

/** The meter of the registered provider. Undefined while none is registered: the API then hands out one meter that does nothing. */
export function registeredMeter(): Meter | undefined {
  const meter = metrics.getMeter(scope)
  return meter === createNoopMeter() ? undefined : meter
}
