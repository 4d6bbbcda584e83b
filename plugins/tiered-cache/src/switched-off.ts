import type { ObservedCache } from '@rxtuna/core'
import { CacheMeter, Wraps } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import { failure } from './errors.ts'
import { checkKey, identifier, loadKind, type TableRequest } from './key.ts'
import { OpenWork } from './open-work.ts'
import { checkLimits, type Limits, type TieredCacheOptions } from './options.ts'
import { checkTable, tableBytes } from './table.ts'
import type { TieredCache, TieredCacheStats } from './tiered-cache.ts'
import { unless } from './waiting.ts'

/** A cache that is switched off: every call loads, nothing is kept, and no file is touched. */
export class SwitchedOff implements TieredCache {
  readonly name: string
  readonly events: ObservedCache['events']
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  readonly #open = new OpenWork()
  readonly #identify: ReturnType<typeof identifier>

  constructor({ name = 'tiered-cache', keyOf }: TieredCacheOptions) {
    this.name = name
    this.events = this.#meter.events
    this.#identify = identifier(keyOf)
  }

  stats(): TieredCacheStats {
    return { ...this.#meter.stats({ entries: 0, bytes: 0, maxBytes: 0 }), hot: { entries: 0, bytes: 0, maxBytes: 0, evictions: 0 } }
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  key(request: TableRequest): string {
    return this.#identify(request).key
  }

  async get(key: string): Promise<undefined> {
    this.#assertOpen()
    checkKey(key)
    this.#meter.miss(key)
  }

  async put(_request: TableRequest, table: Table): Promise<void> {
    this.#assertOpen()
    checkTable(table)
  }

  async getOrLoad(
    request: TableRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    { signal }: { readonly signal?: AbortSignal } = {}
  ): Promise<Table> {
    this.#assertOpen()
    signal?.throwIfAborted()
    const { key, text } = this.#identify(request)
    this.#meter.miss(key)
    const either = signal ? AbortSignal.any([signal, this.#open.signal]) : this.#open.signal
    const start = performance.now()
    const table = await this.#open.track(
      unless(
        either,
        this.#wraps.run(key, () => load(either))
      )
    )
    checkTable(table)
    this.#meter.loaded(key, this.#meter.kind(loadKind(text)), performance.now() - start, tableBytes(table))
    return table
  }

  async clear(): Promise<void> {
    this.#assertOpen()
    this.#meter.reset()
  }

  async resize(limits: Limits): Promise<void> {
    this.#assertOpen()
    checkLimits(limits)
  }

  collectUses<T>(_keys: Set<string>, work: () => T): T {
    return work()
  }

  async link(): Promise<void> {
    this.#assertOpen()
  }

  async flush(): Promise<void> {}

  async recordDailyStatistics(): Promise<void> {
    this.#assertOpen()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open.closed) await this.#open.close(failure('TIERED_CLOSED', []))
  }

  #assertOpen(): void {
    if (this.#open.closed) throw failure('TIERED_CLOSED', [])
  }
}
