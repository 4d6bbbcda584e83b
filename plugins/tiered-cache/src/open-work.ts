/** What is under way, so that closing can end it and wait for it. */
export class OpenWork {
  readonly #closing = new AbortController()
  readonly #active = new Set<Promise<unknown>>()

  /** Aborts when closing begins. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  get closed(): boolean {
    return this.#closing.signal.aborted
  }

  track<T>(work: Promise<T>): Promise<T> {
    this.#active.add(work)
    const done = () => void this.#active.delete(work)
    work.then(done, done)
    return work
  }

  /** Aborts the signal and waits until nothing is under way, however it ends. */
  async close(reason: Error): Promise<void> {
    this.#closing.abort(reason)
    while (this.#active.size > 0) await Promise.allSettled(this.#active)
  }
}
