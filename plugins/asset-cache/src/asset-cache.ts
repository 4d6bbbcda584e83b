import type { CacheStats, ObservedCache } from '@rxtuna/core'
import {
  abortable,
  assertKnown,
  CacheMeter,
  Changed,
  type LoadKind,
  SingleFlight,
  unchanged,
  VersionPins,
  Versions,
  Wraps
} from '@rxtuna/core/cache'
import { LRUCache } from 'lru-cache'
import { problem } from './errors.ts'
import { checkEntries, checkName, checkVersion } from './options.ts'

/** What the asset cache needs of a bundle; `version` must be far cheaper than `assets`. */
export interface AssetBundle {
  /** Names the bundle within a cache: two bundles of one name and version are taken for the same. */
  readonly name: string
  /** Changes whenever the assets may have changed: a content hash (`fileVersion`), a counter, an ETag. */
  version(): Promise<string>
  /** The assets in the order in which callers get them. The signal aborts when no caller waits any more. */
  assets(signal?: AbortSignal): Promise<readonly string[]>
}

/** Part of a bundle's assets. */
export interface AssetFilter {
  /** Names the rule within a cache: two rules of one id are taken for the same. */
  readonly id: string
  accepts(asset: string): boolean
}

export interface AssetsOptions {
  readonly signal?: AbortSignal
  /** Only the assets that it accepts, in the same order; that list is kept beside the full one. */
  readonly filter?: AssetFilter
}

export interface AssetCacheOptions {
  /** Lists kept at most, the least recently used go first. Default 128. */
  readonly maxEntries?: number
  /** False: every call lists the bundle's assets, and no version is asked. Default true. */
  readonly enabled?: boolean
  /** The cache's name in statistics and traces, and its plugin's. Default `asset-cache`. */
  readonly name?: string
}

/** Lists of assets per (bundle, version). A list is loaded once at a time, frozen, and shared by all callers; errors are not kept. */
export interface AssetCache extends ObservedCache, AsyncDisposable {
  /**
   * The bundle's assets. Asks the bundle's version, once per call or, while versions are pinned, once per pin; and once more after a load, so that a bundle
   * that changed meanwhile is listed again. Rejects with the signal's reason when it aborts.
   */
  assets(bundle: AssetBundle, options?: AssetsOptions): Promise<readonly string[]>
  /**
   * From now on each bundle is asked for its version once, at its first access, until the pin is disposed of; what changes meanwhile is not noticed.
   * Pins may overlap: each new one has the versions asked anew, and the last one to go ends it. The plugin holds one per run.
   */
  pinVersions(): Disposable
  /** Sets how many lists are kept at most, from now on. */
  resize(maxEntries: number): void
}

/** Opens an asset cache. `bytes` in its statistics is an estimate: two bytes per character. */
export function openAssetCache(options: AssetCacheOptions = {}): AssetCache {
  assertKnown('openAssetCache', options, ['maxEntries', 'enabled', 'name'])
  const { maxEntries = 128, enabled = true, name = 'asset-cache' } = options
  return new Assets(name, checkEntries(maxEntries), enabled)
}

interface Entry {
  readonly bundle: string
  readonly assets: readonly string[]
  readonly bytes: number
  readonly kind: LoadKind
}

class Assets implements AssetCache {
  readonly name: string
  readonly #enabled: boolean
  #maxEntries: number
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  readonly #flights = new SingleFlight<Entry>(() => this.#meter.join())
  readonly #versions = new Versions()
  readonly #pins = new VersionPins()
  #entries: LRUCache<string, Entry>
  #bytes = 0
  /** Counts `clear`, so that a load from before it is not kept. */
  #era = 0
  #closed = false

  constructor(name: string, maxEntries: number, enabled: boolean) {
    this.name = name
    this.#enabled = enabled
    this.#maxEntries = maxEntries
    this.#entries = this.#keeping(maxEntries)
  }

  #keeping(max: number): LRUCache<string, Entry> {
    return new LRUCache<string, Entry>({
      max,
      dispose: (entry, key, reason) => {
        this.#bytes -= entry.bytes
        this.#versions.remove(entry.bundle, key)
        if (reason === 'evict') this.#meter.evicted(key, 'count')
      }
    })
  }

  get events(): ObservedCache['events'] {
    return this.#meter.events
  }

  async assets(bundle: AssetBundle, { signal, filter }: AssetsOptions = {}): Promise<readonly string[]> {
    if (this.#closed) throw problem('ASSET_CACHE_CLOSED', this.name)
    signal?.throwIfAborted()
    if (typeof bundle?.version !== 'function' || typeof bundle.assets !== 'function') throw problem('BUNDLE_SHAPE', bundle)
    const name = checkName(bundle.name)
    if (filter) checkFilter(filter)
    if (!this.#enabled) {
      const { assets } = await this.#load(bundle, JSON.stringify([name]), signal)
      return filter ? accepted(assets, filter) : assets
    }
    return unchanged(
      () => this.#assets(bundle, name, filter, signal),
      loads => problem('BUNDLE_CHANGES', name, loads),
      () => this.#pins.forget(name)
    )
  }

  async #assets(
    bundle: AssetBundle,
    name: string,
    filter: AssetFilter | undefined,
    signal: AbortSignal | undefined
  ): Promise<readonly string[]> {
    const version = await abortable(
      this.#pins.version(name, async () => checkVersion(name, await bundle.version())),
      signal
    )
    for (const outdated of this.#versions.notice(name, version)) this.#meter.invalidated(outdated, 'version')
    if (filter) return (await this.#filtered(bundle, name, version, filter, signal)).assets
    return (await this.#full(bundle, name, version, signal)).assets
  }

  async #full(bundle: AssetBundle, name: string, version: string, signal: AbortSignal | undefined): Promise<Entry> {
    const key = JSON.stringify([name, version])
    const known = this.#entries.get(key)
    if (known) {
      this.#meter.hit(key, known.kind)
      return known
    }
    const load = async (alive: AbortSignal): Promise<Entry> => {
      const era = this.#era
      const entry = await this.#load(bundle, key, alive)
      alive.throwIfAborted()
      // What was listed while the bundle changed may be either version's.
      if ((await bundle.version()) !== version) throw new Changed()
      if (era === this.#era) this.#keep(key, version, entry)
      return entry
    }
    return this.#flights.run(`${this.#era} ${key}`, load, signal)
  }

  /** Taken from the full list, which is loaded if it must be. */
  async #filtered(
    bundle: AssetBundle,
    name: string,
    version: string,
    filter: AssetFilter,
    signal: AbortSignal | undefined
  ): Promise<Entry> {
    const key = JSON.stringify([name, version, filter.id])
    const known = this.#entries.get(key)
    if (known) {
      this.#meter.hit(key, known.kind)
      return known
    }
    const load = async (alive: AbortSignal): Promise<Entry> => {
      const era = this.#era
      const full = await this.#full(bundle, name, version, alive)
      const kind = this.#meter.kind(JSON.stringify([name, filter.id]))
      const start = performance.now()
      this.#meter.miss(key)
      const entry = entryOf(name, accepted(full.assets, filter), kind)
      this.#meter.loaded(key, kind, performance.now() - start, entry.bytes)
      if (era === this.#era && !this.#closed) this.#keep(key, version, entry)
      return entry
    }
    return this.#flights.run(`${this.#era} ${key}`, load, signal)
  }

  pinVersions(): Disposable {
    return this.#pins.pin()
  }

  stats(): CacheStats {
    return this.#meter.stats({ entries: this.#entries.size, bytes: this.#bytes, maxEntries: this.#maxEntries })
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
    await this.#flights.abort(problem('ASSET_CACHE_CLOSED', this.name))
    this.#entries.clear()
    this.#versions.clear()
  }

  async #load(bundle: AssetBundle, key: string, signal: AbortSignal | undefined): Promise<Entry> {
    this.#meter.miss(key)
    const kind = this.#meter.kind(bundle.name)
    const start = performance.now()
    const listed = await this.#wraps.run(key, async () => bundle.assets(signal))
    const entry = entryOf(bundle.name, frozen(bundle.name, listed), kind)
    this.#meter.loaded(key, kind, performance.now() - start, entry.bytes)
    return entry
  }

  resize(maxEntries: number): void {
    this.#maxEntries = checkEntries(maxEntries)
    this.#makeRoom(maxEntries)
    while (this.#entries.size > maxEntries) this.#entries.pop()
    const entries = this.#entries
    this.#entries = this.#keeping(maxEntries)
    entries.rforEach((entry, key) => void this.#entries.set(key, entry))
  }

  /** Lists of an older version go first. */
  #makeRoom(most: number): void {
    this.#versions.dropOutdated(
      () => this.#entries.size > most,
      key => {
        this.#entries.delete(key)
        this.#meter.evicted(key, 'version')
      }
    )
  }

  #keep(key: string, version: string, entry: Entry): void {
    this.#makeRoom(this.#maxEntries - 1)
    this.#entries.set(key, entry)
    this.#bytes += entry.bytes
    this.#versions.add(entry.bundle, version, key)
  }
}

function entryOf(bundle: string, assets: readonly string[], kind: LoadKind): Entry {
  let bytes = 0
  for (const asset of assets) bytes += 2 * asset.length
  return { bundle, assets, bytes, kind }
}

function accepted(assets: readonly string[], filter: AssetFilter): readonly string[] {
  return Object.freeze(
    assets.filter(asset => {
      const isAccepted: unknown = filter.accepts(asset)
      if (typeof isAccepted !== 'boolean') throw problem('ASSET_ACCEPTED', filter.id, asset, isAccepted)
      return isAccepted
    })
  )
}

function checkFilter(filter: AssetFilter): void {
  if (typeof filter.id !== 'string' || filter.id === '' || typeof filter.accepts !== 'function') throw problem('ASSET_FILTER', filter)
}

/** A copy, so that what the bundle does to its own list later is not seen. */
function frozen(name: string, assets: readonly string[]): readonly string[] {
  if (!Array.isArray(assets) || !assets.every(asset => typeof asset === 'string')) throw problem('ASSETS_SHAPE', name, assets)
  return Object.freeze([...assets])
}
