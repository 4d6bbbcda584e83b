interface Waiter {
  readonly trial: number
  /** Whom it waits for by now. */
  leader: number
  readonly wake: () => void
}

/** Trials of this process that run, and those that wait for one of them. */
export class WaitingRoom {
  readonly #waiters = new Map<number, Waiter[]>()

  begin(trial: number): void {
    if (!this.#waiters.has(trial)) this.#waiters.set(trial, [])
  }

  /** Whether a trial runs in this process, so that its end will be told here. */
  has(trial: number): boolean {
    return this.#waiters.has(trial)
  }

  /** Resolves when `leader` has an outcome, or when `trial` is its heir; rejects with the signal's reason. */
  wait(leader: number, trial: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const leave = (): void => {
        const others = this.#waiters.get(waiter.leader)
        others?.splice(others.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const wake = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const waiter: Waiter = { trial, leader, wake }
      signal.addEventListener('abort', leave, { once: true })
      this.begin(leader)
      this.#waiters.get(leader)?.push(waiter)
    })
  }

  /**
   * Ends a trial. With an outcome that others can take over, all that wait for it wake; without, only the one with the lowest number does: the
   * heir, whose number comes back and for whom the others wait from now on.
   */
  end(trial: number, answered: boolean): number | undefined {
    const waiters = (this.#waiters.get(trial) ?? []).sort((a, b) => a.trial - b.trial)
    this.#waiters.delete(trial)
    if (answered) {
      for (const waiter of waiters) waiter.wake()
      return undefined
    }
    const [heir, ...others] = waiters
    if (!heir) return undefined
    for (const other of others) other.leader = heir.trial
    this.#waiters.set(heir.trial, [...(this.#waiters.get(heir.trial) ?? []), ...others])
    heir.wake()
    return heir.trial
  }
}
