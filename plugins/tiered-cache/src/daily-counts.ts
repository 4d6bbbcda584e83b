/** Hits and misses. */
export interface Counts {
  readonly hits: number
  readonly misses: number
}

/** How much of a running count is recorded, so that nothing is recorded twice. */
export class DailyCounts {
  readonly #count: () => Counts
  #recorded: Counts = { hits: 0, misses: 0 }

  constructor(count: () => Counts) {
    this.#count = count
  }

  /** What has come since `take` was called last. */
  peek(): Counts {
    const now = this.#count()
    return { hits: now.hits - this.#recorded.hits, misses: now.misses - this.#recorded.misses }
  }

  /** What has come since the last call, which counts as recorded from now on. */
  take(): Counts {
    const { hits, misses } = this.peek()
    this.#recorded = { hits: this.#recorded.hits + hits, misses: this.#recorded.misses + misses }
    return { hits, misses }
  }

  /** Takes back what could not be recorded. */
  giveBack({ hits, misses }: Counts): void {
    this.#recorded = { hits: this.#recorded.hits - hits, misses: this.#recorded.misses - misses }
  }

  /** The running count is about to begin anew; what was not recorded yet still is to be. */
  restart(): void {
    const left = this.take()
    this.#recorded = { hits: -left.hits, misses: -left.misses }
  }
}

/** Unix seconds of the midnight (UTC) that began the day of `now`, which is in milliseconds. */
export function midnight(now: number): number {
  return (now - (now % 86_400_000)) / 1000
}
