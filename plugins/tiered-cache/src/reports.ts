import type { ObservedCache } from '@rxtuna/core'

/** Emits `fail`. What fails before anybody can listen is kept until the first call; where nobody listens, each kind of failure is a warning of the process, once. */
export class Reports {
  readonly #events: ObservedCache['events']
  readonly #waiting: { readonly key?: string; readonly error: Error }[] = []
  readonly #warned = new Set<string>()
  #waits = true

  constructor(events: ObservedCache['events']) {
    this.#events = events
  }

  add(error: Error, key?: string): void {
    const event = key === undefined ? { error } : { key, error }
    if (this.#waits) this.#waiting.push(event)
    else this.#emit(event)
  }

  deliver(): void {
    if (!this.#waits) return
    this.#waits = false
    for (const event of this.#waiting.splice(0)) this.#emit(event)
  }

  #emit(event: { readonly key?: string; readonly error: Error }): void {
    if (this.#events.emit('fail', event)) return
    const { error } = event
    const code = 'code' in error ? String(error.code) : error.name
    if (this.#warned.has(code)) return
    this.#warned.add(code)
    process.emitWarning(error.message, { type: 'TieredCacheWarning', code })
  }
}
