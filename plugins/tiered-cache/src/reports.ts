import type { ObservedCache } from '@rxtuna/core'

/** Emits `fail`. What fails before anybody can listen is kept until the first call. */
export class Reports {
  readonly #events: ObservedCache['events']
  readonly #waiting: { readonly key?: string; readonly error: Error }[] = []
  #waits = true

  constructor(events: ObservedCache['events']) {
    this.#events = events
  }

  add(error: Error, key?: string): void {
    const event = key === undefined ? { error } : { key, error }
    if (this.#waits) this.#waiting.push(event)
    else this.#events.emit('fail', event)
  }

  deliver(): void {
    if (!this.#waits) return
    this.#waits = false
    for (const event of this.#waiting.splice(0)) this.#events.emit('fail', event)
  }
}
