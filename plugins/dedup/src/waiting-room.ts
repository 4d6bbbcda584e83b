import type { TrialRecord } from '@rxtuna/core'

interface Waiter {
  readonly trial: number
  readonly resolve: (record: TrialRecord) => void
}

/** Trials of this process that run, and those that wait for one of them: the lowest number is woken first. */
export class WaitingRoom {
  readonly #waiters = new Map<number, Waiter[]>()

  begin(trial: number): void {
    if (!this.#waiters.has(trial)) this.#waiters.set(trial, [])
  }

  /** Whether a trial runs in this process, so that its end will be told here. */
  has(trial: number): boolean {
    return this.#waiters.has(trial)
  }

  /** Resolves with the record of `leader` when it is told; rejects with the signal's reason. */
  wait(leader: number, trial: number, signal: AbortSignal): Promise<TrialRecord> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        const waiters = this.#waiters.get(leader)
        if (waiters)
          this.#waiters.set(
            leader,
            waiters.filter(other => other !== waiter)
          )
        reject(signal.reason)
      }
      const waiter: Waiter = {
        trial,
        resolve: record => {
          signal.removeEventListener('abort', leave)
          resolve(record)
        }
      }
      if (signal.aborted) return reject(signal.reason)
      signal.addEventListener('abort', leave, { once: true })
      this.#waiters.get(leader)?.push(waiter)
    })
  }

  end(record: TrialRecord): void {
    const waiters = this.#waiters.get(record.number) ?? []
    this.#waiters.delete(record.number)
    for (const waiter of waiters.sort((a, b) => a.trial - b.trial)) waiter.resolve(record)
  }

  /** An ask that came to nothing has nobody waiting: its number was never told to anyone. */
  forget(trial: number): void {
    this.#waiters.delete(trial)
  }
}
