type Wrap = <T>(key: string, load: () => Promise<T>) => Promise<T>

/** The functions around each load of a cache: they nest, the latest outermost, and each can be taken away again. */
export class Wraps {
  readonly #wraps: Wrap[] = []

  add(wrap: Wrap): Disposable {
    // An own object per call: the same function may be added twice and taken away once.
    const entry: Wrap = (key, load) => wrap(key, load)
    this.#wraps.push(entry)
    return {
      [Symbol.dispose]: () => {
        const index = this.#wraps.indexOf(entry)
        if (index >= 0) this.#wraps.splice(index, 1)
      }
    }
  }

  run<T>(key: string, load: () => Promise<T>): Promise<T> {
    let wrapped = load
    for (const wrap of this.#wraps) {
      const inner = wrapped
      wrapped = () => wrap(key, inner)
    }
    return wrapped()
  }
}
