import type { LoadKind } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import { LRUCache } from 'lru-cache'

/** A table in memory, with what a hit needs. */
export interface HotEntry {
  readonly table: Table
  /** The canonical text of its request. */
  readonly request: string
  readonly kind: LoadKind
  readonly bytes: number
  /** Whole milliseconds since the epoch. */
  readonly loadedAt: number
  /** Milliseconds since the epoch; `Infinity` for what never goes stale. */
  readonly freshUntil: number
}

/** Tables in memory, the least recently used leaving first; never more than `maxBytes` together. A larger table is not kept. */
export class HotTier {
  #entries: LRUCache<string, HotEntry> | undefined
  #maxBytes = 0
  #evictions = 0

  constructor(maxBytes: number) {
    this.resize(maxBytes)
  }

  get size(): { readonly entries: number; readonly bytes: number; readonly maxBytes: number; readonly evictions: number } {
    const entries = this.#entries
    return { entries: entries?.size ?? 0, bytes: entries?.calculatedSize ?? 0, maxBytes: this.#maxBytes, evictions: this.#evictions }
  }

  get(key: string): HotEntry | undefined {
    return this.#entries?.get(key)
  }

  set(key: string, entry: HotEntry): void {
    this.#entries?.set(key, entry)
  }

  delete(key: string): void {
    this.#entries?.delete(key)
  }

  /** Deletes what was loaded before a time, in milliseconds since the epoch. */
  deleteOlder(than: number): void {
    for (const [key, { loadedAt }] of this.#entries?.entries() ?? []) if (loadedAt < than) this.#entries?.delete(key)
  }

  clear(): void {
    this.#entries?.clear()
  }

  /** Keeps the most recently used entries that fit. 0 switches the tier off. */
  resize(maxBytes: number): void {
    const before = this.#entries
    this.#maxBytes = maxBytes
    this.#entries =
      maxBytes === 0
        ? undefined
        : new LRUCache<string, HotEntry>({
            maxSize: maxBytes,
            // A table without buffers still takes room, and the library refuses 0.
            sizeCalculation: entry => Math.max(1, entry.bytes),
            dispose: (_entry, _key, reason) => {
              if (reason === 'evict') this.#evictions++
            }
          })
    if (before) this.#entries?.load(before.dump())
  }
}
