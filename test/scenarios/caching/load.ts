import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { openAssetCache } from '@rxtuna/asset-cache'
import { openDataCache } from '@rxtuna/data-cache'
import { Table, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { randomStream } from '../../../core/src/random-stream.ts'

const callers = 64
const keys = 200

/** What a cache went through, and what it said of it. */
export interface LoadReport {
  readonly operations: number
  readonly mostLoadsOfOneKey: number
  readonly wrongAnswers: number
  readonly mostOverLimit: number
  /** Calls by how they ended, as the callers counted them. */
  readonly counted: { readonly answered: number; readonly failed: number; readonly left: number; readonly loads: number }
  readonly stats: {
    readonly hits: number
    readonly misses: number
    readonly joined: number
    readonly entries: number
    readonly bytes: number
  }
  /** Growth of the heap between the first and the second half, in bytes. */
  readonly growth: number
}

/** A cache under test: asks for a key, with a signal; `load` says what the key's load comes to. */
interface Tested extends AsyncDisposable {
  get(key: number, load: (signal: AbortSignal) => Promise<number>, signal: AbortSignal | undefined): Promise<number>
  stats(): LoadReport['stats']
  over(): number
}

function dataCache(): Tested {
  const tables = Array.from({ length: keys }, (_, key) => {
    return new Table({ symbol: vectorFromArray(['A', 'A']), close: vectorFromArray(Float64Array.of(key, key)) })
  })
  // Room for 120 of the 200 entries of 16 bytes.
  const cache = openDataCache({ maxBytes: 120 * 16, isolation: 'types' })
  return {
    async get(key, load, signal) {
      const request = { dataset: `d${key}`, version: '1', groupBy: 'symbol', columns: ['close'] }
      const table = async (alive: AbortSignal): Promise<Table> => tables[await load(alive)] as Table
      const { groups } = await cache.grouped(request, table, signal ? { signal } : {})
      return groups.get('A')?.columns.close?.[1] ?? Number.NaN
    },
    stats: () => cache.stats(),
    over: () => cache.stats().bytes - 120 * 16,
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]()
  }
}

function assetCache(): Tested {
  const cache = openAssetCache({ maxEntries: 120 })
  return {
    async get(key, load, signal) {
      const assets = async (alive?: AbortSignal): Promise<readonly string[]> => [`${await load(alive ?? new AbortController().signal)}`]
      const bundle = { name: `b${key}`, version: async () => '1', assets }
      return Number((await cache.assets(bundle, signal ? { signal } : {}))[0])
    },
    stats: () => cache.stats(),
    over: () => cache.stats().entries - 120,
    [Symbol.asyncDispose]: () => cache[Symbol.asyncDispose]()
  }
}

export const caches: Readonly<Record<string, () => Tested>> = { 'data cache': dataCache, 'asset cache': assetCache }

/** 64 callers ask for 200 keys at random; some leave, some loads fail, and there is room for 120 entries. */
export async function underLoad(open: () => Tested, operations: number): Promise<LoadReport> {
  await using cache = open()
  const random = randomStream(1, 0, 0, 'load')
  const underWay = new Int32Array(keys)
  const counted = { answered: 0, failed: 0, left: 0, loads: 0 }
  let mostLoadsOfOneKey = 0
  let wrongAnswers = 0
  let ended = 0
  let mostOverLimit = Number.NEGATIVE_INFINITY

  const load = (key: number) => async (signal: AbortSignal) => {
    counted.loads++
    underWay[key] = (underWay[key] as number) + 1
    mostLoadsOfOneKey = Math.max(mostLoadsOfOneKey, underWay[key] as number)
    // One that everybody left counts no more, though it may take a while to hear of it.
    let counts = true
    const ends = (): void => {
      if (counts) underWay[key] = (underWay[key] as number) - 1
      counts = false
    }
    signal.addEventListener('abort', ends)
    const fails = random.next() < 0.05
    try {
      // A turn of the event loop at times, so that others come meanwhile, and mostly a few microtasks.
      if (random.next() < 0.02) await new Promise(resolve => setImmediate(resolve))
      else await Promise.resolve()
      signal.throwIfAborted()
      if (fails) throw new Error('no data')
      return key
    } finally {
      ends()
    }
  }
  const one = async (): Promise<void> => {
    const key = random.int(0, keys - 1)
    const controller = random.next() < 0.1 ? new AbortController() : undefined
    const asked = cache.get(key, load(key), controller?.signal)
    if (controller) void Promise.resolve().then(() => controller.abort('left'))
    try {
      if ((await asked) !== key) wrongAnswers++
      counted.answered++
    } catch (error) {
      if (error === 'left') counted.left++
      else if ((error as Error).message === 'no data') counted.failed++
      else throw error
    }
    // Statistics cost a median per kind of load, so not after each.
    if (++ended % 100 === 0) mostOverLimit = Math.max(mostOverLimit, cache.over())
  }
  const half = async (): Promise<void> => {
    let left = Math.floor(operations / 2)
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (left-- > 0) await one()
      })
    )
  }
  await half()
  const before = heapUsed()
  await half()
  const growth = heapUsed() - before
  const { hits, misses, joined, entries, bytes } = cache.stats()
  return {
    operations: 2 * Math.floor(operations / 2),
    mostLoadsOfOneKey,
    wrongAnswers,
    mostOverLimit,
    counted,
    stats: { hits, misses, joined, entries, bytes },
    growth
  }
}

/** Checks what must hold however many operations there were. */
export function assertHolds(
  { operations, mostLoadsOfOneKey, wrongAnswers, mostOverLimit, counted, stats, growth }: LoadReport,
  asksVersions: boolean
): void {
  const { answered, failed, left, loads } = counted
  expect(answered + failed + left).to.equal(operations)
  expect(wrongAnswers).to.equal(0)
  expect(mostLoadsOfOneKey).to.equal(1)
  expect(mostOverLimit).to.be.at.most(0)
  expect(stats.misses).to.equal(loads)
  // Whoever leaves while a version is asked is counted by nobody.
  const { hits, misses, joined } = stats
  expect(hits + misses + joined).to.be.within(asksVersions ? operations - left : operations, operations)
  for (const count of [failed, left, joined]) expect(count).to.be.above(operations / 1000)
  expect(stats.entries).to.be.within(60, 120)
  expect(growth, 'growth of the heap').to.be.below(500_000)
}

/** Bytes of the heap after a full collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
