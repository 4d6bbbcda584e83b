/** Does one thing after another, each as soon as those before it have ended, whatever became of them. */
export class OneByOne {
  #last: Promise<unknown> | undefined

  async run<T>(work: () => Promise<T>): Promise<T> {
    const own = this.#last ? this.#last.then(work, work) : work()
    this.#last = own
    try {
      return await own
    } finally {
      if (this.#last === own) this.#last = undefined
    }
  }

  /** Settles when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#last) await this.#last.catch(() => undefined)
  }
}
