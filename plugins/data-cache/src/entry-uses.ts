import { AsyncLocalStorage } from 'node:async_hooks'
import { checksum } from './checksum.ts'
import type { StoredGroups } from './grouped-data.ts'

/** An entry that somebody wrote into. */
export interface WrittenEntry {
  readonly key: string
  readonly dataset: string
  /** All users that had it since it was last found intact: one of them wrote. */
  readonly users: readonly string[]
  /** Whether it was also handed out where no user was known, so that anybody may have written. */
  readonly atLarge: boolean
}

/** An entry that can be checked. */
export interface CheckedEntry {
  readonly key: string
  readonly dataset: string
  readonly data: StoredGroups
  readonly sum: string
}

/** Who was handed which entry, and whether it is still what was loaded. Holds what a user has until that user has been checked. */
export class EntryUses {
  readonly #user = new AsyncLocalStorage<string>()
  readonly #entries = new Map<string, Set<CheckedEntry>>()
  readonly #users = new Map<CheckedEntry, Set<string>>()
  readonly #atLarge = new Set<CheckedEntry>()

  run<T>(user: string, work: () => T): T {
    return this.#user.run(user, work)
  }

  /** Remembers that the present user has the entry from now on; where none is known, that anybody may have it, as long as the cache keeps it. */
  note(entry: CheckedEntry, kept: boolean): void {
    const user = this.#user.getStore()
    if (user === undefined) {
      if (kept) this.#atLarge.add(entry)
      return
    }
    setOf(this.#entries, user).add(entry)
    setOf(this.#users, entry).add(user)
  }

  /** The user has ended: checks what it had and what is at large, and forgets the user. */
  check(user: string): readonly WrittenEntry[] {
    const written: WrittenEntry[] = []
    for (const entry of new Set([...(this.#entries.get(user) ?? []), ...this.#atLarge])) {
      if (checksum(entry.data.buffer) === entry.sum) this.#leave(user, entry)
      else {
        const { key, dataset } = entry
        written.push({ key, dataset, users: [...(this.#users.get(entry) ?? [])], atLarge: this.#atLarge.has(entry) })
        this.forget(entry)
        for (const other of this.#users.get(entry) ?? []) this.#leave(other, entry)
      }
    }
    this.#entries.delete(user)
    return written
  }

  /** The cache dropped the entry: from now on only users that have it can spoil it. */
  forget(entry: CheckedEntry): void {
    this.#atLarge.delete(entry)
  }

  clear(): void {
    this.#entries.clear()
    this.#users.clear()
    this.#atLarge.clear()
  }

  #leave(user: string, entry: CheckedEntry): void {
    this.#entries.get(user)?.delete(entry)
    const users = this.#users.get(entry)
    if (users?.delete(user) && users.size === 0) this.#users.delete(entry)
  }
}

function setOf<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let set = map.get(key)
  if (!set) {
    set = new Set()
    map.set(key, set)
  }
  return set
}
