/** Work on a key that is still wanted as long as nothing newer has come. */
export interface Work {
  readonly key: string
  isCurrent: boolean
}

/** Which work under way has been overtaken: what was put or cleared meanwhile must not be undone by what began before. */
export class Current {
  readonly #works = new Map<string, Set<Work>>()

  begin(key: string): Work & Disposable {
    const work = { key, isCurrent: true, [Symbol.dispose]: () => this.#end(work) }
    const works = this.#works.get(key)
    if (works) works.add(work)
    else this.#works.set(key, new Set([work]))
    return work
  }

  /** All other work on a key, or on every key, is overtaken. */
  overtake(key?: string, by?: Work): void {
    const overtaken = key === undefined ? [...this.#works.values()] : [this.#works.get(key) ?? []]
    for (const works of overtaken) for (const work of works) if (work !== by) work.isCurrent = false
  }

  #end(work: Work): void {
    const works = this.#works.get(work.key)
    works?.delete(work)
    if (works?.size === 0) this.#works.delete(work.key)
  }
}
