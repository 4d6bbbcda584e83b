import type { CacheStats, ObservedCache } from '@rxtuna/core'
import { assertKnown, CacheMeter, type LoadKind, Wraps } from '@rxtuna/core/cache'
import { LRUCache } from 'lru-cache'
import { byteSize } from './byte-size.ts'
import { problem } from './errors.ts'
import { fingerprint } from './fingerprint.ts'
import { checkBytes } from './limits.ts'
import { answers, type Read, recordReads, snapshot, whole } from './param-reads.ts'

/** A part of an evaluation: what it returns follows from the params that it reads, from what the step before returned, and from the data. */
export type Step<P, Before, D, R> = (params: P, before: Before, data: D) => R

export interface StagesOptions {
  /** Bytes of results kept at most, the least recently used go first; estimated, and of views on other memory their own length. Default 512 MB (2^29). */
  readonly maxBytes?: number
  /** False: every step is computed each time. Default true. */
  readonly enabled?: boolean
  /** True: a step that writes into what it is handed is refused and named. Default true where NODE_ENV is `test`. */
  readonly verify?: boolean
  /** The name in statistics and traces. Default `stages`. */
  readonly name?: string
}

/**
 * An evaluation in steps, each computed once for the params that it reads. In `stats()`, hits by step are `tiers`. What is thrown is not kept. Results are
 * shared: do not write into what a step returned.
 */
export interface Stages<P, R> extends ObservedCache {
  /** What the last step returns for these params. */
  evaluate(params: P): Promise<R>
  clear(): void
  /** Sets how many bytes of results are kept at most, from now on. */
  resize(maxBytes: number): void
}

/**
 * An objective as named steps: each gets the params, what the step before returned (the first one the data), and the data. A step sees its params through
 * a proxy that records which it reads, and its result is kept by those alone and by the result before, so that another stop does not compute the
 * indicators again. Steps must be functions of these: no clock, no chance, no params kept for later. They may be asynchronous.
 */
export function stages<D, P, I, S, E>(
  data: D,
  steps: {
    readonly indicators: Step<P, D, D, I>
    readonly signals: Step<P, Awaited<I>, D, S>
    readonly exits: Step<P, Awaited<S>, D, E>
  },
  options?: StagesOptions
): Stages<P, Awaited<E>>
/** The same with steps of any number and name, in their order. What a step takes must be what the one before returns; the compiler does not see that. */
export function stages<P, R, D>(data: D, steps: Readonly<Record<string, Step<P, never, D, unknown>>>, options?: StagesOptions): Stages<P, R>
export function stages(
  data: unknown,
  steps: Readonly<Record<string, Step<never, never, never, unknown>>>,
  options: StagesOptions = {}
): Stages<unknown, never> {
  assertKnown('stages', options, ['maxBytes', 'enabled', 'verify', 'name'])
  if (typeof steps !== 'object' || steps === null) throw problem('STAGES_SHAPE', steps)
  return new StepCache(data, steps as Readonly<Record<string, AnyStep>>, options) as Stages<unknown, unknown> as never
}

type AnyStep = Step<unknown, unknown, unknown, unknown>

/** What a step returned, and what the next one returned after that. */
interface Result {
  readonly key: string
  readonly value: unknown
  readonly kind: LoadKind
  readonly next: Results
}

/** The results of one step after one result of the step before: by what was read, then by the answers. */
class Results {
  readonly #byReads = new Map<string, { readonly reads: readonly Read[]; readonly results: Map<string, Result> }>()
  /** Under way, by all of the params. */
  readonly flights = new Map<string, Promise<Result>>()

  find(params: unknown): Result | undefined {
    for (const { reads, results } of this.#byReads.values()) {
      const found = results.get(answers(params, reads))
      if (found) return found
    }
    return undefined
  }

  /** Returns a function that takes the result out again. */
  add(params: unknown, reads: readonly Read[], result: Result): () => void {
    const id = JSON.stringify(reads)
    const same = this.#byReads.get(id) ?? { reads, results: new Map<string, Result>() }
    this.#byReads.set(id, same)
    const text = answers(params, reads)
    same.results.set(text, result)
    return () => {
      same.results.delete(text)
      if (same.results.size === 0) this.#byReads.delete(id)
    }
  }

  *[Symbol.iterator](): IterableIterator<Result> {
    for (const { results } of this.#byReads.values()) yield* results.values()
  }
}

interface Kept {
  readonly bytes: number
  readonly remove: () => void
}

class StepCache implements Stages<unknown, unknown> {
  readonly name: string
  readonly #data: unknown
  readonly #steps: readonly (readonly [string, AnyStep])[]
  readonly #enabled: boolean
  readonly #verifies: boolean
  #maxBytes: number
  readonly #meter = new CacheMeter()
  readonly #wraps = new Wraps()
  #kept: LRUCache<Result, Kept>
  #first = new Results()

  constructor(
    data: unknown,
    steps: Readonly<Record<string, AnyStep>>,
    { maxBytes = 2 ** 29, enabled = true, verify = process.env.NODE_ENV === 'test', name = 'stages' }: StagesOptions
  ) {
    this.#steps = Object.entries(steps)
    if (this.#steps.length === 0) throw problem('STAGES_NONE')
    for (const [step, compute] of this.#steps) if (typeof compute !== 'function') throw problem('STAGE_SHAPE', step, compute)
    this.name = name
    this.#data = data
    this.#enabled = enabled
    this.#verifies = verify
    this.#maxBytes = checkBytes(maxBytes)
    this.#kept = this.#keeping(this.#maxBytes)
  }

  #keeping(maxSize: number): LRUCache<Result, Kept> {
    return new LRUCache({
      maxSize,
      sizeCalculation: ({ bytes }) => Math.max(1, bytes),
      dispose: ({ remove }, result, reason) => {
        remove()
        if (reason === 'evict') this.#meter.evicted(result.key, 'size')
      },
      disposeAfter: (_, result) => {
        // What followed from it cannot be found any more.
        for (const following of [...result.next]) this.#kept.delete(following)
      }
    })
  }

  get events(): ObservedCache['events'] {
    return this.#meter.events
  }

  async evaluate(given: unknown): Promise<unknown> {
    const params = snapshot(given)
    let before = this.#data
    let results = this.#first
    // What follows from a result that is not kept cannot be found again.
    let isFound = this.#enabled
    for (const [step, compute] of this.#steps) {
      const known = this.#enabled ? results.find(params) : undefined
      if (known) {
        this.#kept.get(known)
        this.#meter.hit(known.key, known.kind, step)
      }
      const result = known ?? (await this.#computed(step, compute, params, before, results, isFound))
      isFound &&= this.#kept.has(result)
      before = result.value
      results = result.next
    }
    return before
  }

  stats(): CacheStats {
    return this.#meter.stats({ entries: this.#kept.size, bytes: this.#kept.calculatedSize, maxBytes: this.#maxBytes })
  }

  resize(maxBytes: number): void {
    this.#maxBytes = checkBytes(maxBytes)
    while (this.#kept.calculatedSize > this.#maxBytes) this.#kept.pop()
    const kept = this.#kept
    this.#kept = this.#keeping(this.#maxBytes)
    kept.rforEach((held, result) => void this.#kept.set(result, held))
  }

  clear(): void {
    this.#first = new Results()
    for (const { key } of this.#kept.keys()) this.#meter.invalidated(key, 'manual')
    this.#kept.clear()
    this.#meter.reset()
  }

  around(wrap: <T>(key: string, load: () => Promise<T>) => Promise<T>): Disposable {
    return this.#wraps.add(wrap)
  }

  /** Equal params that come while the first are computed wait for those. */
  #computed(step: string, compute: AnyStep, params: unknown, before: unknown, results: Results, keep: boolean): Promise<Result> {
    if (!this.#enabled) return this.#compute(step, compute, params, before, results, keep)
    const all = whole(params)
    const flight = results.flights.get(all)
    if (flight) {
      this.#meter.join()
      return flight
    }
    const started = this.#compute(step, compute, params, before, results, keep).finally(() => results.flights.delete(all))
    results.flights.set(all, started)
    return started
  }

  async #compute(step: string, compute: AnyStep, params: unknown, before: unknown, results: Results, keep: boolean): Promise<Result> {
    const first = this.#first
    const kind = this.#meter.kind(step)
    const recorded = recordReads(params, step)
    this.#meter.miss(step)
    const start = performance.now()
    const handed = this.#verifies ? fingerprint(before) : ''
    let value: unknown
    try {
      value = await this.#wraps.run(step, async () => compute(recorded.params, before, this.#data))
    } finally {
      recorded.close()
    }
    if (this.#verifies && fingerprint(before) !== handed) {
      // What others would get is not what was computed any more.
      this.clear()
      throw problem('STAGE_WROTE', step)
    }
    const bytes = byteSize(value)
    this.#meter.loaded(step, kind, performance.now() - start, bytes)
    const result = { key: `${step} ${answers(params, recorded.reads)}`, value, kind, next: new Results() }
    // Other params with the same answers may have been computed meanwhile: all share one result.
    const other = results.find(params)
    if (other) return other
    if (keep && first === this.#first && bytes <= this.#maxBytes)
      this.#kept.set(result, { bytes, remove: results.add(params, recorded.reads, result) })
    return result
  }
}
