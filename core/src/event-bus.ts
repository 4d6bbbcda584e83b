import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs'
import type { EventMap, EventType, StudyEvent } from './events.ts'

/** The one stream of a study's events. Callers look at `observed` before they build a payload. */
export class EventBus {
  readonly #subject = new Subject<StudyEvent>()
  readonly #study: string
  readonly #clock: () => number
  /** Events that are being passed on, in their order, each with how many failures led to it; empty in between. */
  readonly #pending: { readonly event: StudyEvent; readonly failures: number }[] = []
  /** Failures that led to the event that is being passed on. */
  #failures = 0
  #failing = false

  constructor(study: string, clock: () => number) {
    this.#study = study
    this.#clock = clock
  }

  get observed(): boolean {
    return this.#subject.observed
  }

  get events$(): Observable<StudyEvent> {
    return this.#subject.asObservable()
  }

  /** What is emitted by whoever hears an event comes after it, for all who hear it. */
  emit<K extends EventType>(type: K, payload: EventMap[K]): void {
    if (!this.#subject.observed) return
    // A payload of type K makes the envelope of type K, which the compiler does not follow through the mapped type.
    const event = Object.freeze({ type, study: this.#study, at: this.#clock(), ...payload }) as unknown as StudyEvent
    this.#pending.push({ event, failures: this.#failures + (this.#failing ? 1 : 0) })
    if (this.#pending.length > 1) return
    for (let next = this.#pending[0]; next; next = this.#pending[0]) {
      this.#failures = next.failures
      this.#subject.next(next.event)
      this.#pending.shift()
    }
    this.#failures = 0
  }

  complete(): void {
    this.#subject.complete()
  }

  /** The same events for a plugin: what its subscribers throw is handed to `failed`, also behind operators. */
  guarded(failed: (error: unknown) => void): Observable<StudyEvent> {
    return new GuardedObservable<StudyEvent>(this.#subject, error => {
      // A failure at the event of a failure is told; one at that event is not, or several such plugins would never end.
      if (this.#failures === 2) return
      this.#failing = true
      failed(error)
      this.#failing = false
    })
  }
}

type Observer<T> = Partial<{ next: (value: T) => void; error: (error: unknown) => void; complete: () => void }>

/** An observable whose final subscribers cannot crash the process: RxJS 7 would throw their errors from a timer. */
class GuardedObservable<T> extends Observable<T> {
  readonly #failed: (error: unknown) => void

  constructor(source: Observable<T>, failed: (error: unknown) => void) {
    super()
    this.source = source
    this.#failed = failed
  }

  // RxJS's operators build on `lift`; what they return stays guarded.
  override lift<R>(operator?: { call(subscriber: Subscriber<R>, source: unknown): unknown }): Observable<R> {
    const lifted = new GuardedObservable<R>(this as unknown as Observable<R>, this.#failed)
    lifted.operator = operator as never
    return lifted
  }

  override subscribe(observer?: unknown, error?: unknown, complete?: unknown): Subscription {
    // Operators subscribe with subscribers of their own; only the last one is a plugin's code.
    if (isSubscriber(observer)) {
      const consumer = consumerOf(observer)
      if (consumer && !guards.has(consumer.partialObserver))
        consumer.partialObserver = this.#guard(consumer.partialObserver) as Observer<unknown>
      return super.subscribe(observer)
    }
    return super.subscribe(
      this.#guard((typeof observer === 'function' ? { next: observer, error, complete } : (observer ?? {})) as Observer<T>)
    )
  }

  #guard(given: Observer<T>): Observer<T> {
    let failing = false
    const attempt = (work: () => void): void => {
      try {
        work()
      } catch (thrown) {
        // Its own failure's event may reach the same subscriber; it is told once.
        if (failing) return
        failing = true
        this.#failed(thrown)
        failing = false
      }
    }
    const guard: Observer<T> = {
      next: value => attempt(() => given.next?.(value)),
      error: reason => (given.error ? attempt(() => given.error?.(reason)) : this.#failed(reason)),
      complete: () => attempt(() => given.complete?.())
    }
    guards.add(guard)
    return guard
  }
}

/** Observers that are guarded already. */
const guards = new WeakSet<object>()

/**
 * Where RxJS 7 keeps the observer at the end of a chain of subscribers. What `merge` and its like return is an observable of their own, on
 * which nobody calls our `subscribe`; its last observer is found from below.
 */
function consumerOf(subscriber: unknown): { partialObserver: Observer<unknown> } | undefined {
  let end = subscriber
  while (typeof end === 'object' && end !== null && 'destination' in end) end = end.destination
  return typeof end === 'object' && end !== null && 'partialObserver' in end ? (end as { partialObserver: Observer<unknown> }) : undefined
}

function isSubscriber(value: unknown): value is Subscriber<unknown> {
  return typeof value === 'object' && value !== null && 'add' in value && 'unsubscribe' in value && 'next' in value
}
