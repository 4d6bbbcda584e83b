/** Does one thing after another, each as soon as those before it have ended, whatever became of them. */
export class OneByOne {
  #last: Promise<unknown> = Promise.resolve()
  #left = 0
  readonly #ended = (): void => {
    this.#left--
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#left > 0 ? this.#last.then(work, work) : work()
    this.#left++
    this.#last = own
    own.then(this.#ended, this.#ended)
    return own
  }

  /** Settles when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#left > 0) await this.#last.catch(() => undefined)
  }
}
