import { Writable } from 'node:stream'

/** Keeps what is written; with `columns` it says that it is a terminal of that width. */
export class RecordingStream extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly columns?: number
  readonly #colours: boolean

  constructor({ columns, colours = false }: { readonly columns?: number; readonly colours?: boolean } = {}) {
    super({ decodeStrings: false })
    this.isTTY = columns !== undefined
    if (columns !== undefined) this.columns = columns
    this.#colours = colours
  }

  hasColors(): boolean {
    return this.#colours
  }

  /** What was drawn, one string for each time. */
  get draws(): string[] {
    return this.text
      .split('\x1b[K')
      .slice(0, -1)
      .map(drawn => drawn.slice(drawn.lastIndexOf('\r') + 1))
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  override _write(chunk: string, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk
    done()
  }
}

/** A clock that moves when it is told, and calls what asked for it. */
export class ManualClock {
  #now = 0
  readonly #timers = new Set<{ readonly every: number; next: number; readonly work: () => void }>()

  readonly now = (): number => this.#now
  readonly every = (every: number, work: () => void): Disposable => {
    const timer = { every, next: this.#now + every, work }
    this.#timers.add(timer)
    return { [Symbol.dispose]: () => void this.#timers.delete(timer) }
  }

  get timers(): number {
    return this.#timers.size
  }

  /** Lets time pass; whole periods of a timer call it once each. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds
    for (;;) {
      const due = [...this.#timers].filter(({ next }) => next <= end).sort((a, b) => a.next - b.next)[0]
      if (!due) break
      this.#now = due.next
      due.next += due.every
      due.work()
    }
    this.#now = end
  }
}
