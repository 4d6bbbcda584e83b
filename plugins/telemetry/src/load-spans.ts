import { context, type Span, type Tracer, trace } from '@opentelemetry/api'
import type { ObservedCache } from '@rxtuna/core'
import { exceptionOf, markFailed, names } from './attributes.ts'
import type { Clock } from './clock.ts'

interface Wrapped {
  uses: number
  readonly wrap: Disposable
}
/** Who wants the spans. */
export interface LoadWatcher {
  readonly clock: Clock
  /** Takes what the SDK threw: the load goes on without a span. */
  readonly failed: (error: unknown) => void
}

const made = new WeakMap<Tracer, LoadSpans>()

/** The load spans of a tracer, made once: a cache that is lent to several studies has one span per load. */
export function loadSpansOf(tracer: Tracer): LoadSpans {
  let spans = made.get(tracer)
  if (!spans) {
    spans = new LoadSpans(tracer)
    made.set(tracer, spans)
  }
  return spans
}

/** A span `cache.load` around each load of the caches it is given, a child of the span in which the first caller asked. */
export class LoadSpans {
  readonly #tracer: Tracer
  readonly #wrapped = new Map<ObservedCache, Wrapped>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  watch(cache: ObservedCache, watcher: LoadWatcher): void {
    const known = this.#wrapped.get(cache)
    if (known) known.uses++
    else this.#wrapped.set(cache, { uses: 1, wrap: cache.around((key, load) => this.#load(cache.name, key, load, watcher)) })
  }

  release(cache: ObservedCache): void {
    const known = this.#wrapped.get(cache)
    if (!known || --known.uses > 0) return
    this.#wrapped.delete(cache)
    known.wrap[Symbol.dispose]()
  }

  async #load<T>(cache: string, key: string, load: () => Promise<T>, { clock, failed }: LoadWatcher): Promise<T> {
    let span: Span
    try {
      span = this.#tracer.startSpan('cache.load', { startTime: clock(), attributes: { [names.cache]: cache, [names.key]: key } })
    } catch (error) {
      failed(error)
      return load()
    }
    let thrown: { readonly error: unknown } | undefined
    try {
      return await context.with(trace.setSpan(context.active(), span), load)
    } catch (error) {
      thrown = { error }
      throw error
    } finally {
      try {
        if (thrown) {
          span.recordException(exceptionOf(thrown.error), clock())
          markFailed(span, thrown.error)
        }
        span.end(clock())
      } catch (error) {
        failed(error)
      }
    }
  }
}
