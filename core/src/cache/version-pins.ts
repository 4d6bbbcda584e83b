/**
 * What bundles or datasets answered when they were asked for their version, kept while a run holds a pin: the first access in a run asks, later ones use the answer.
 * A run that starts while another holds a pin asks anew, so that no run uses an answer older than itself. Without a pin each access asks.
 */
export class VersionPins {
  readonly #answers = new Map<string, Promise<string>>()
  #pins = 0

  /** Holds versions until it is disposed of; runs may overlap, and the last one to go forgets. */
  pin(): Disposable {
    this.#pins++
    this.#answers.clear()
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (!held) return
        held = false
        if (--this.#pins === 0) this.#answers.clear()
      }
    }
  }

  /** The bundle has changed: it is asked again. */
  forget(name: string): void {
    this.#answers.delete(name)
  }

  /** The bundle's version: pinned, or as `ask` says. An error is not kept. */
  version(name: string, ask: () => Promise<string>): Promise<string> {
    if (this.#pins === 0) return ask()
    let answer = this.#answers.get(name)
    if (!answer) {
      const asked = ask()
      this.#answers.set(name, asked)
      asked.catch(() => {
        if (this.#answers.get(name) === asked) this.#answers.delete(name)
      })
      answer = asked
    }
    return answer
  }
}
