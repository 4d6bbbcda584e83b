/** How long a run takes and, from the trials told so far, will take. Times are in milliseconds of a clock that only grows. */
export class Pace {
  readonly #startedAt: number
  #trials = 0
  #lastAt: number

  constructor(now: number) {
    this.#startedAt = now
    this.#lastAt = now
  }

  /** One more trial was told. */
  told(now: number): void {
    this.#trials++
    this.#lastAt = now
  }

  elapsedMs(now: number): number {
    return now - this.#startedAt
  }

  /**
   * What so many more trials will take at the mean pace of the run; undefined before its first trial. A trial that takes longer than the mean
   * slows the pace down before it is told.
   */
  leftMs(trials: number, now: number): number | undefined {
    if (this.#trials === 0) return undefined
    if (trials === 0) return 0
    const atMean = ((this.#lastAt - this.#startedAt) / this.#trials) * trials - (now - this.#lastAt)
    const ifNextEndsNow = ((now - this.#startedAt) / (this.#trials + 1)) * (trials - 1)
    return Math.max(atMean, ifNextEndsNow, 0)
  }
}
