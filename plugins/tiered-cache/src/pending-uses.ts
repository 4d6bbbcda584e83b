import type { Link, Uses } from './uses.ts'

/** Collects uses in memory, so that a hit touches no disk. A crash loses them, which costs an entry some of its rank and its newest links. */
export class PendingUses {
  #accesses = new Map<string, { count: number; at: number }>()
  #links = new Map<string, Link>()
  #latest = 0

  get empty(): boolean {
    return this.#accesses.size === 0 && this.#links.size === 0
  }

  get links(): number {
    return this.#links.size
  }

  /** `now` in milliseconds; uses within one millisecond keep their order. */
  access(key: string, now: number): void {
    const at = this.stamp(now)
    const access = this.#accesses.get(key)
    if (access) {
      access.count++
      access.at = at
    } else this.#accesses.set(key, { count: 1, at })
  }

  /** A time in seconds, later than all before. */
  stamp(now: number): number {
    this.#latest = Math.max(now / 1000, this.#latest + 1e-6)
    return this.#latest
  }

  link(key: string, backtestId: string): void {
    this.#links.set(`${key}/${backtestId}`, { key, backtestId })
  }

  /** Hands over what was collected, and begins anew. */
  take(): Uses {
    const uses = { accesses: this.#accesses, links: [...this.#links.values()] }
    this.#accesses = new Map()
    this.#links = new Map()
    return uses
  }
}
