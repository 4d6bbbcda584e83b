import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openTieredCache, type TableRequest, type TieredCache } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { type Bench, type Figure, interleaved, longestBlock, type Measured, smallest, type Variant } from './measure.ts'
import { priceTable } from './price-table.ts'
import { SeedCache } from './seed-cache.ts'

const run = promisify(execFile)
const gigabyte = 1024 ** 3
const million = 1_000_000
const limits = { hotBytes: gigabyte, coldBytes: 10 * gigabyte }
/** Only the disk answers. */
const coldOnly = { ...limits, hotBytes: 0 }

export const bench: Bench = {
  title: 'The tiered cache against a port of the cache that it succeeds, on one disk',
  async run() {
    const directory = await mkdtemp(join(tmpdir(), 'rxtuna-bench-'))
    const figures: Figure[] = []
    try {
      // Blocks first, because collecting what other figures leave behind would block the event loop, too.
      for (const measure of [blockFigures, hotFigures, coldFigures, putFigures, removalFigures]) {
        figures.push(...(await measure(await mkdtemp(join(directory, 'part-')))))
      }
      return figures
    } finally {
      await rm(directory, { recursive: true })
    }
  }
}

/** Not frozen, as most programs have them. */
function requestOf(name: string | number): TableRequest {
  return { symbols: ['AAPL', `${name}`], startDate: '2023-01-01', endDate: '2023-12-31', resolution: '1m', dataSource: 'walk' }
}

/** Does it `times` as often as a round has operations. */
const repeated =
  (work: () => unknown, times = 1): Variant =>
  operations => ({
    run: async () => {
      for (let i = 0; i < operations * times; i++) await work()
    }
  })

/** The same, each in a turn of the event loop of its own, which pays for the garbage of it; what never waits would leave that to the next that does. */
const apart = (work: () => unknown): Variant =>
  repeated(async () => {
    await work()
    await new Promise(resolve => setImmediate(resolve))
  })

/** The same, begun when nothing is left to be written, so that nobody writes for the other. */
const settled =
  (work: () => unknown): Variant =>
  async operations => {
    await settle()
    return apart(work)(operations)
  }

/** Waits until what was written is on the disk. */
async function settle(): Promise<void> {
  // Windows has no such command.
  if (process.platform !== 'win32') await run('sync')
}

const named = (rows: number, what: string): string => `${rows.toLocaleString('en')} rows: ${what}`

/** For how long others wait at most while a cache writes or reads a large table, in nine of ten cases. */
async function blockFigures(directory: string): Promise<readonly Figure[]> {
  await using cache = await openTieredCache({ directory, ...coldOnly })
  let puts = 0
  const ninthOfTen = async (work: () => Promise<unknown>): Promise<number> => {
    const blocks: number[] = []
    for (let i = -2; i < 10; i++) {
      const block = await longestBlock(work)
      if (i >= 0) blocks.push(block)
    }
    return smallest(blocks, 9)
  }
  const figures: Figure[] = []
  for (const { shared, kind } of [
    { shared: false, kind: '' },
    { shared: true, kind: ' on SharedArrayBuffers' }
  ]) {
    const table = priceTable(million, { shared })
    const put = await ninthOfTen(() => cache.put(requestOf(puts++), table))
    const key = cache.key(requestOf(puts - 1))
    const get = await ninthOfTen(async () => expectRows(await cache.get(key), million))
    figures.push(
      { name: named(million, `a put${kind} blocks the event loop for`), value: put, unit: 'ms', floor: { atMost: 25 } },
      { name: named(million, `a cold hit of what was put${kind} blocks it for`), value: get, unit: 'ms', floor: { atMost: 25 } }
    )
  }
  return figures
}

async function hotFigures(directory: string): Promise<readonly Figure[]> {
  const request = requestOf('hot')
  // A hit of ours takes a thousandth of one of the seed, or less.
  const times = 1_000
  const figures: Figure[] = []
  for (const rows of [252, 10_000, million]) {
    await using ours = await openTieredCache({ directory: join(directory, `ours-${rows}`), ...limits })
    using seed = new SeedCache({ directory: join(directory, `seed-${rows}`), ...limits })
    const key = ours.key(request)
    const table = priceTable(rows)
    await ours.put(request, table)
    await seed.put(key, table)
    const load = async (): Promise<Table> => table
    const measured = await interleaved(
      {
        seed: repeated(() => seed.get(key)),
        get: repeated(() => ours.get(key), times),
        getOrLoad: repeated(() => ours.getOrLoad(request, load), times)
      },
      { operations: 20, time: 'wall' }
    )
    // The ratios compare waits for a disk with none; what our own hit costs is its CPU time, whoever else is at work.
    const cost = await interleaved(
      { get: repeated(() => ours.get(key)), getOrLoad: repeated(() => ours.getOrLoad(request, load)) },
      { operations: 20_000 }
    )
    expectSame({ misses: ours.stats().misses }, { misses: 0 })
    for (const way of ['get', 'getOrLoad'] as const) {
      figures.push(
        { name: named(rows, `a hot hit by ${way}, the seed's over ours`), ...over(measured, way, 500, times) },
        { name: named(rows, `a hot hit by ${way}`), value: cost.perOperation(way), unit: 'µs', floor: { atMost: 3 } }
      )
    }
  }
  return figures
}

async function coldFigures(directory: string): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const { rows, operations, rounds, floor } of [
    { rows: 252, operations: 50, rounds: 15, floor: 3 },
    { rows: 10_000, operations: 20, rounds: 15, floor: 1.5 },
    { rows: million, operations: 1, rounds: 9, floor: 0.9 }
  ]) {
    await using always = await openCold(join(directory, `always-${rows}`), 'always')
    await using once = await openCold(join(directory, `once-${rows}`), 'once')
    using seed = new SeedCache({ directory: join(directory, `seed-${rows}`), ...coldOnly })
    const request = requestOf('cold')
    const key = always.key(request)
    const table = priceTable(rows)
    await Promise.all([always.put(request, table), once.put(request, table), seed.put(key, table)])
    await settle()
    const read = (cache: TieredCache | SeedCache): Variant => apart(async () => expectRows(await cache.get(key), rows))
    const measured = await interleaved({ seed: read(seed), always: read(always), once: read(once) }, { operations, rounds, time: 'wall' })
    figures.push(
      { name: named(rows, "a cold hit, the seed's over ours"), ...over(measured, 'always', floor) },
      {
        name: named(rows, "a cold hit of a verified file, the seed's over ours"),
        ...over(measured, 'once', rows === million ? 1.2 : undefined)
      },
      { name: named(rows, 'a cold hit'), value: measured.perOperation('always') / 1_000, unit: 'ms' }
    )
  }
  return figures
}

/** Its clock is ahead by more than the two seconds for which a new file is hashed again in any case. */
function openCold(directory: string, checksums: 'always' | 'once'): Promise<TieredCache> {
  return openTieredCache({ directory, ...coldOnly, clock: () => Date.now() + 5_000, checksums })
}

async function putFigures(directory: string): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const { rows, operations, rounds, floor } of [
    { rows: 252, operations: 20, rounds: 15, floor: 1.2 },
    { rows: 10_000, operations: 10, rounds: 15, floor: undefined },
    { rows: million, operations: 1, rounds: 7, floor: 0.9 }
  ]) {
    const within = join(directory, `${rows}`)
    await using ours = await openTieredCache({ directory: join(within, 'ours'), ...limits })
    using seed = new SeedCache({ directory: join(within, 'seed'), ...limits })
    const table = priceTable(rows)
    let puts = 0
    const measured = await interleaved(
      {
        seed: settled(() => seed.put(ours.key(requestOf(puts++)), table)),
        ours: settled(() => ours.put(requestOf(puts++), table))
      },
      { operations, rounds, time: 'wall' }
    )
    expectSame({ entries: ours.stats().entries }, { entries: seed.entries })
    figures.push(
      { name: named(rows, "a put, the seed's over ours"), ...over(measured, 'ours', floor) },
      { name: named(rows, 'a put'), value: measured.perOperation('ours') / 1_000, unit: 'ms' }
    )
  }
  return figures
}

async function removalFigures(directory: string): Promise<readonly Figure[]> {
  const count = 1_000
  const [ourFiles, seedFiles] = [join(directory, 'ours'), join(directory, 'seed')]
  const table = priceTable(10)
  {
    await using ours = await openTieredCache({ directory: ourFiles, ...coldOnly })
    using seed = new SeedCache({ directory: seedFiles, ...coldOnly })
    const requests = Array.from({ length: count }, (_, i) => requestOf(i))
    await Promise.all(requests.map(request => ours.put(request, table)))
    for (const request of requests) await seed.put(ours.key(request), table)
  }
  let copies = 0
  const copyOf = async (files: string): Promise<string> => {
    const copy = join(directory, `copy-${copies++}`)
    await cp(files, copy, { recursive: true })
    await settle()
    return copy
  }
  const cleared = await interleaved(
    {
      seed: async () => {
        const seed = new SeedCache({ directory: await copyOf(seedFiles), ...coldOnly })
        return { run: () => seed.clear(), close: () => seed[Symbol.dispose]() }
      },
      ours: async () => {
        const ours = await openTieredCache({ directory: await copyOf(ourFiles), ...coldOnly })
        return { run: () => ours.clear(), close: () => ours[Symbol.asyncDispose]() }
      }
    },
    { operations: count, rounds: 7, warmup: 1, time: 'wall' }
  )
  await using ours = await openTieredCache({ directory: ourFiles, ...coldOnly })
  using seed = new SeedCache({ directory: seedFiles, ...coldOnly })
  const [ourSize, seedSize] = [ours.stats().bytes / count, seed.bytes / count]
  let [ourLeft, seedLeft] = [count, count]
  const evicted = await interleaved(
    {
      seed: repeated(() => {
        seed.coldBytes = --seedLeft * seedSize
        seed.evict()
      }),
      ours: repeated(() => ours.resize({ coldBytes: --ourLeft * ourSize }))
    },
    { operations: 10, time: 'wall' }
  )
  expectSame({ ours: ours.stats().entries, seed: seed.entries }, { ours: ourLeft, seed: seedLeft })
  return [
    { name: "evicting one of 1,000 entries, the seed's over ours", ...over(evicted, 'ours', 6) },
    { name: "clearing 1,000 entries, the seed's over ours", ...over(cleared, 'ours', 25) }
  ]
}

/** The seed's time over that of `name`, which was done `times` as often. */
function over<Name extends string>(measured: Measured<Name | 'seed'>, name: Name, atLeast?: number, times = 1): Omit<Figure, 'name'> {
  return { value: measured.ratio('seed', name) * times, unit: 'x', ...(atLeast === undefined ? {} : { floor: { atLeast } }) }
}

/** A bench of what did not happen says nothing. */
function expectRows(table: Table | undefined, rows: number): void {
  if (table?.numRows !== rows) throw new Error(`Expected a table of ${rows} rows, got ${table ? table.numRows : 'none'}.`)
}

function expectSame<Key extends string>(got: Readonly<Record<Key, number>>, expected: Readonly<Record<Key, number>>): void {
  for (const name of Object.keys(expected) as Key[]) {
    if (got[name] !== expected[name]) throw new Error(`Expected ${expected[name]} ${name}, got ${got[name]}.`)
  }
}
