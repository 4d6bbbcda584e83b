import type { CacheStats, ObservedCache } from '@rxtuna/core'
import { abortable, assertKnown, CacheMeter, Changed, SingleFlight, unchanged, VersionPins, Versions, Wraps } from '@rxtuna/core/cache'
import type { Table } from 'apache-arrow'
import { LRUCache } from 'lru-cache'
import { checksum } from './checksum.ts'
import type { DataCache, DataCacheOptions, GroupedOptions, Isolation } from './data-cache.ts'
import { derivedColumn, derivedKey } from './derived-column.ts'
import type { Entry } from './entry.ts'
import { EntryUses, type WrittenEntry } from './entry-uses.ts'
import { problem } from './errors.ts'
import { checkRequest, type GroupRequest, requestKey, requestKind, type VersionedRequest } from './group-request.ts'
import { type GroupedTable, groupTable, passes } from './group-table.ts'
import { type ComputeColumn, type GroupedData, StoredGroups } from './grouped-data.ts'
import { checkBytes } from './limits.ts'
import { inTurns } from './slices.ts'

/** The data cache, with its entries by request and by derived column. */
export class GroupCache implements DataCache {
  readonly name: string
  readonly isolation: Isolation
  readonly #enabled: boolean
  readonly #shared: boolean
  #maxBytes: number
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  readonly #flights = new SingleFlight<Entry>(() => this.#meter.join())
  readonly #versions = new Versions()
  readonly #uses = new EntryUses()
  readonly #pins = new VersionPins()
  #entries: LRUCache<string, Entry>
  #bytes = 0
  #made = 0
  /** Counts `clear`, so that a load from before it is not kept. */
  #era = 0
  #closed = false

  constructor({ maxBytes = 2 * 2 ** 30, enabled = true, shared = false, isolation, name = 'data-cache' }: DataCacheOptions) {
    this.name = name
    this.isolation = isolation ?? (process.env.NODE_ENV === 'test' ? 'verify' : 'types')
    if (!['types', 'verify', 'copy'].includes(this.isolation)) throw problem('ISOLATION', isolation)
    this.#enabled = enabled
    this.#shared = shared
    this.#maxBytes = checkBytes(maxBytes)
    this.#entries = this.#keeping(this.#maxBytes)
  }

  #keeping(maxSize: number): LRUCache<string, Entry> {
    return new LRUCache<string, Entry>({
      maxSize,
      // A size of nothing is not allowed; a table without rows counts as one byte.
      sizeCalculation: ({ data }) => Math.max(1, data.byteLength),
      dispose: (entry, key, reason) => {
        this.#bytes -= entry.data.byteLength
        this.#versions.remove(entry.dataset, key)
        this.#uses.forget(entry)
        if (reason === 'evict') this.#meter.evicted(key, 'size')
      },
      // What was derived from an entry holds its memory, so it goes with it.
      disposeAfter: ({ derived, source }, key, reason) => {
        source?.derived.delete(key)
        for (const other of derived) if (this.#entries.delete(other) && reason === 'evict') this.#meter.evicted(other, 'size')
      }
    })
  }

  get events(): ObservedCache['events'] {
    return this.#meter.events
  }

  async grouped(
    request: GroupRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    { signal, onProgress = () => {} }: GroupedOptions = {}
  ): Promise<GroupedData> {
    assertKnown('grouped', request, ['dataset', 'version', 'groupBy', 'columns', 'window'])
    const { version } = request
    if (typeof version === 'string') return this.#grouped({ ...request, version }, load, signal, onProgress)
    if (typeof version !== 'function') throw problem('REQUEST_NAME', 'version', version)
    const grouped = async (): Promise<GroupedData> => {
      signal?.throwIfAborted()
      const asked = await abortable(this.#pins.version(request.dataset, version), signal)
      return this.#grouped({ ...request, version: asked }, load, signal, onProgress, version)
    }
    return unchanged(
      grouped,
      loads => problem('DATASET_CHANGES', request.dataset, loads),
      () => this.#pins.forget(request.dataset)
    )
  }

  /** `ask` is asked for the version after a load. */
  async #grouped(
    request: VersionedRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    signal: AbortSignal | undefined,
    onProgress: (share: number) => void,
    ask?: () => Promise<string>
  ): Promise<GroupedData> {
    if (this.#closed) throw problem('DATA_CACHE_CLOSED', this.name)
    signal?.throwIfAborted()
    const key = requestKey(request)
    const known = this.#entries.get(key)
    // A request that is kept was checked when it was loaded.
    if (!known) checkRequest(request)
    for (const outdated of this.#versions.notice(request.dataset, request.version)) this.#meter.invalidated(outdated, 'version')
    if (known) return this.#hit(known)

    const loaded = async (alive: AbortSignal): Promise<Entry> => {
      const entry = await this.#load(key, request, load, alive, onProgress)
      if (ask && (await ask()) !== request.version) throw new Changed()
      return entry
    }
    if (!this.#enabled) return (await loaded(signal ?? new AbortController().signal)).data
    const loadAndKeep = async (alive: AbortSignal): Promise<Entry> => {
      const era = this.#era
      const entry = await loaded(alive)
      if (era === this.#era) this.#keep(entry)
      return entry
    }
    // Whoever asks after `clear` does not join a load from before it, nor one that checks no version one that does.
    return this.#handOut(await this.#flights.run(`${this.#era} ${ask ? 'asked' : 'given'} ${key}`, loadAndKeep, signal))
  }

  pinVersions(): Disposable {
    return this.#pins.pin()
  }

  lend<T>(user: string, work: () => T): T {
    return this.isolation === 'verify' ? this.#uses.run(user, work) : work()
  }

  verify(user: string): readonly WrittenEntry[] {
    const written = this.#uses.check(user)
    for (const { key } of written) {
      this.#entries.delete(key)
      this.#meter.invalidated(key, 'written')
    }
    return written
  }

  stats(): CacheStats {
    return this.#meter.stats({ entries: this.#entries.size, bytes: this.#bytes, maxBytes: this.#maxBytes })
  }

  clear(): void {
    this.#era++
    for (const key of this.#entries.keys()) this.#meter.invalidated(key, 'manual')
    this.#entries.clear()
    this.#versions.clear()
    this.#meter.reset()
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#era++
    await this.#flights.abort(problem('DATA_CACHE_CLOSED', this.name))
    this.#entries.clear()
    this.#versions.clear()
    this.#uses.clear()
  }

  #load(
    key: string,
    request: VersionedRequest,
    load: (signal: AbortSignal) => Promise<Table>,
    signal: AbortSignal,
    onProgress: (share: number) => void
  ): Promise<Entry> {
    return this.#make(key, request, requestKind(request), signal, async () => {
      const table = await load(signal)
      signal.throwIfAborted()
      const grouped = await inTurns(groupTable(table, request, this.#shared), signal, rows =>
        onProgress(rows / (table.numRows * passes(request)))
      )
      onProgress(1)
      return grouped
    })
  }

  async #derive<Q>(source: Entry, name: string, params: Q, compute: ComputeColumn<Q>): Promise<GroupedData> {
    if (this.#closed) throw problem('DATA_CACHE_CLOSED', this.name)
    const { layout } = source.data
    const columns = layout.columns.map(column => column.name)
    if (typeof name !== 'string' || name === '' || columns.includes(name)) throw problem('DERIVED_NAME', name, columns)
    if (typeof compute !== 'function') throw problem('DERIVED_COMPUTE', name, compute)
    const derived = derivedKey(source.key, name, params, compute)
    const { key } = derived
    const known = this.#entries.get(key)
    if (known?.source === source) return this.#hit(known)
    const kind = JSON.stringify([source.dataset, 'derived', name])
    const load = async (signal: AbortSignal): Promise<Entry> => {
      const era = this.#era
      const work = async (): Promise<GroupedTable> => {
        // Under `copy`, what is computed may write into its copy.
        const data = this.isolation === 'copy' ? source.data.copy() : source.data
        const column = await inTurns(derivedColumn(data, name, derived.params, compute, this.#shared), signal, () => undefined)
        return { layout: { ...layout, columns: [...layout.columns, column] }, buffer: column.array.buffer }
      }
      const entry = await this.#make(key, source, kind, signal, work, source)
      if (era === this.#era) this.#keep(entry)
      return entry
    }
    if (!this.#enabled) return (await load(new AbortController().signal)).data
    return this.#handOut(await this.#flights.run(`${this.#era} ${source.id} ${key}`, load))
  }

  /** Does the work, with all that counts and traces it, and makes an entry of what it comes to. */
  async #make(
    key: string,
    { dataset, version }: Pick<Entry, 'dataset' | 'version'>,
    kindName: string,
    signal: AbortSignal,
    work: () => Promise<GroupedTable>,
    source?: Entry
  ): Promise<Entry> {
    this.#meter.miss(key)
    const kind = this.#meter.kind(kindName)
    const start = performance.now()
    const { layout, buffer } = await this.#wraps.run(key, work)
    signal.throwIfAborted()
    this.#meter.loaded(key, kind, performance.now() - start, buffer.byteLength)
    const data = new StoredGroups(layout, buffer, (name, params, compute) => this.#derive(entry, name, params, compute))
    const sum = this.#enabled && this.isolation === 'verify' ? checksum(buffer) : ''
    const entry: Entry = { key, id: ++this.#made, dataset, version, data, sum, kind, derived: new Set(), ...(source ? { source } : {}) }
    return entry
  }

  #hit(entry: Entry): GroupedData {
    this.#meter.hit(entry.key, entry.kind)
    // What it was derived from is used with it.
    for (let source = entry.source; source; source = source.source) this.#entries.get(source.key)
    return this.#handOut(entry)
  }

  resize(maxBytes: number): void {
    this.#maxBytes = checkBytes(maxBytes)
    this.#makeRoom(this.#maxBytes)
    while (this.#bytes > this.#maxBytes && this.#entries.size > 0) this.#entries.pop()
    const entries = this.#entries
    this.#entries = this.#keeping(this.#maxBytes)
    entries.rforEach((entry, key) => void this.#entries.set(key, entry))
  }

  /** Entries of an older version go first. */
  #makeRoom(most: number): void {
    this.#versions.dropOutdated(
      () => this.#bytes > most,
      key => {
        this.#entries.delete(key)
        this.#meter.evicted(key, 'version')
      }
    )
  }

  #keep(entry: Entry): void {
    const { byteLength } = entry.data
    if (byteLength > this.#maxBytes) return
    // A load that checks its version may end beside one that does not: the first goes before the second is noted.
    this.#entries.delete(entry.key)
    this.#makeRoom(this.#maxBytes - byteLength)
    // Without its source it would hold memory that nobody counts.
    if (entry.source && this.#entries.peek(entry.source.key) !== entry.source) return
    // Room is made by the least recently used, and that must not be what this was derived from.
    for (let source = entry.source; source; source = source.source) this.#entries.get(source.key)
    entry.source?.derived.add(entry.key)
    this.#bytes += byteLength
    this.#versions.add(entry.dataset, entry.version, entry.key)
    this.#entries.set(entry.key, entry)
  }

  #handOut(entry: Entry): GroupedData {
    if (this.isolation === 'copy') return entry.data.copy()
    if (this.isolation === 'verify')
      for (let part: Entry | undefined = entry; part; part = part.source) this.#uses.note(part, this.#entries.peek(part.key) === part)
    return entry.data
  }
}
