interface Named {
  current: string
  readonly versions: Map<string, string>
}

/**
 * Which keys of a cache belong to which version of a named thing: those of another version than the current one are the first to go.
 * Holds only names that have keys.
 */
export class Versions {
  readonly #names = new Map<string, Named>()
  readonly #outdated = new Set<string>()

  /** A key was stored. A name that has no keys yet takes its version as current. */
  add(name: string, version: string, key: string): void {
    let named = this.#names.get(name)
    if (!named) {
      named = { current: version, versions: new Map() }
      this.#names.set(name, named)
    }
    named.versions.set(key, version)
    if (version !== named.current) this.#outdated.add(key)
  }

  /** A key was dropped. */
  remove(name: string, key: string): void {
    this.#outdated.delete(key)
    const named = this.#names.get(name)
    if (named?.versions.delete(key) && named.versions.size === 0) this.#names.delete(name)
  }

  /** This version is the current one from now on. Returns the keys that it outdates; a version that comes back has its keys again. */
  notice(name: string, version: string): readonly string[] {
    const named = this.#names.get(name)
    if (!named || named.current === version) return []
    named.current = version
    const outdated: string[] = []
    for (const [key, of] of named.versions) {
      if (of === version) this.#outdated.delete(key)
      else if (!this.#outdated.has(key)) {
        this.#outdated.add(key)
        outdated.push(key)
      }
    }
    return outdated
  }

  /** A key of a version that is no longer current, the longest outdated first; undefined when there is none. */
  oldest(): string | undefined {
    return this.#outdated.values().next().value
  }

  /** Has such keys dropped, one by one, while there are some and it is needed; whoever drops one says so by `remove`. */
  dropOutdated(isNeeded: () => boolean, drop: (key: string) => void): void {
    for (let key = this.oldest(); key !== undefined && isNeeded(); key = this.oldest()) drop(key)
  }

  clear(): void {
    this.#names.clear()
    this.#outdated.clear()
  }
}
