/** Work on a key that is still wanted as long as nothing newer has come. */
export interface Work {
  readonly key: string
  /** Counts all work, in the order of its beginning. */
  readonly number: number
  /** Brings a table of its own, rather than reads one. */
  readonly brings: boolean
  isCurrent: boolean
}

/** Which work under way has been overtaken: what was put or cleared meanwhile must not be undone by what began before. */
export class Current {
  readonly #works = new Map<string, Set<Work>>()

  #begun = 0

  /** How much work has begun. */
  get begun(): number {
    return this.#begun
  }

  begin(key: string, brings: boolean): Work & Disposable {
    const work = { key, number: ++this.#begun, brings, isCurrent: true, [Symbol.dispose]: () => this.#end(work) }
    const works = this.#works.get(key)
    if (works) works.add(work)
    else this.#works.set(key, new Set([work]))
    return work
  }

  /** All other work on a key, or on every key, is overtaken; of that which brings a table only what had begun when so much had. */
  overtake(key?: string, by?: Work, begun: number = this.#begun): void {
    const overtaken = key === undefined ? [...this.#works.values()] : [this.#works.get(key) ?? []]
    for (const works of overtaken)
      for (const work of works) if (work !== by && (!work.brings || work.number <= begun)) work.isCurrent = false
  }

  #end(work: Work): void {
    const works = this.#works.get(work.key)
    works?.delete(work)
    if (works?.size === 0) this.#works.delete(work.key)
  }
}
