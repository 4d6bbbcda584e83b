import { keys } from './kill-tables.ts'

/** What a cache may hold of each key, from what its process said before it was killed. A version of 0 stands for nothing. */
export class KillModel {
  readonly #allowed = new Map<number, Set<number>>()
  readonly #links = new Map<number, Set<string>>()
  /** The bytes within which the files must be. */
  limit: number
  /** What was under way when the last line was said. */
  underWay: string | undefined

  /** Begins with what is there. */
  constructor(limit: number, found: ReadonlyMap<number, number>, links: ReadonlyMap<number, ReadonlySet<string>>) {
    this.limit = limit
    for (let key = 0; key < keys; key++) {
      this.#allowed.set(key, new Set([found.get(key) ?? 0]))
      this.#links.set(key, new Set(links.get(key)))
    }
  }

  allows(key: number, version: number): boolean {
    return this.#of(key).has(version)
  }

  says(key: number): string {
    return [...this.#of(key)].map(version => (version === 0 ? 'nothing' : `version ${version}`)).join(' or ')
  }

  /** Takes in a line of the process. */
  hear(line: string): void {
    const [moment, what = '', ...rest] = line.split(' ')
    const begins = moment === 'begin'
    this.underWay = begins ? what : undefined
    if (what === 'put' || what === 'getOrLoad') this.#stores(begins, Number(rest[0]), Number(rest[1]), rest[2])
    else if (what === 'evict') {
      for (let key = 0; key < keys; key++) this.#of(key).add(0)
      if (!begins) this.limit = Number(rest[0])
    } else if (what === 'clear-key') this.#clears(begins, [Number(rest[0])])
    else if (what === 'clear-all') this.#clears(begins, [...this.#allowed.keys()])
    else if (what === 'clear-backtest') this.#clearsBacktest(begins, rest[0] as string)
  }

  #of(key: number): Set<number> {
    return this.#allowed.get(key) as Set<number>
  }

  #stores(begins: boolean, key: number, version: number, backtest: string | undefined): void {
    if (begins) {
      this.#of(key).add(version)
      // Over a tight limit each table may drive out any other.
      if (this.limit < Number.POSITIVE_INFINITY) for (const allowed of this.#allowed.values()) allowed.add(0)
    } else {
      this.#allowed.set(key, new Set([version]))
      if (backtest !== undefined) this.#links.get(key)?.add(backtest)
    }
  }

  #clears(begins: boolean, which: readonly number[]): void {
    for (const key of which) {
      if (begins) this.#of(key).add(0)
      else {
        this.#allowed.set(key, new Set([0]))
        this.#links.get(key)?.clear()
      }
    }
  }

  #clearsBacktest(begins: boolean, backtest: string): void {
    for (const [key, links] of this.#links) {
      if (!links.has(backtest)) continue
      if (links.size === 1) this.#clears(begins, [key])
      if (!begins) links.delete(backtest)
    }
  }
}
