import { abortable } from './abortable.ts'

interface Flight<V> {
  readonly promise: Promise<V>
  readonly abort: AbortController
  callers: number
}

/**
 * One load per key at a time: later callers join the one under way. A failed load rejects all of them and leaves nothing behind.
 * A caller whose signal aborts leaves with the signal's reason; the load is aborted when the last has left.
 */
export class SingleFlight<V> {
  readonly #flights = new Map<string, Flight<V>>()
  /** Also those that nobody waits for any more. */
  readonly #underWay = new Set<Flight<V>>()
  readonly #joined: () => void

  /** `joined` is called for each caller that waits for another's load. */
  constructor(joined: () => void = () => {}) {
    this.#joined = joined
  }

  get size(): number {
    return this.#flights.size
  }

  has(key: string): boolean {
    return this.#flights.has(key)
  }

  /** Calls `load` at once, unless a load of that key is under way. A load that was aborted and ends all the same is ignored. */
  async run(key: string, load: (signal: AbortSignal) => Promise<V>, signal?: AbortSignal): Promise<V> {
    signal?.throwIfAborted()
    let flight = this.#flights.get(key)
    if (flight) this.#joined()
    else flight = this.#start(key, load)
    flight.callers++
    try {
      return await abortable(flight.promise, signal)
    } finally {
      flight.callers--
      if (flight.callers === 0 && this.#flights.get(key) === flight) {
        // Nobody waits any more: whoever comes next starts anew.
        this.#flights.delete(key)
        flight.abort.abort(signal?.reason)
      }
    }
  }

  /** Aborts every load under way and resolves when all have settled, however they end. */
  async abort(reason: unknown): Promise<void> {
    const flights = [...this.#underWay]
    for (const flight of flights) flight.abort.abort(reason)
    await Promise.allSettled(flights.map(flight => flight.promise))
  }

  #start(key: string, load: (signal: AbortSignal) => Promise<V>): Flight<V> {
    const abort = new AbortController()
    const promise = (async () => load(abort.signal))()
    const flight: Flight<V> = { promise, abort, callers: 0 }
    this.#flights.set(key, flight)
    this.#underWay.add(flight)
    const landed = () => {
      this.#underWay.delete(flight)
      if (this.#flights.get(key) === flight) this.#flights.delete(key)
    }
    promise.then(landed, landed)
    return flight
  }
}
