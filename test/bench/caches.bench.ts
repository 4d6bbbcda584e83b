import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { fileVersion, openAssetCache } from '@rxtuna/asset-cache'
import { openDataCache } from '@rxtuna/data-cache'
import type { Table } from 'apache-arrow'
import { build } from 'esbuild'
import { listSymbols, loadBars } from '../../examples/sma-crossover/bars.ts'
import { universe } from '../plugins/data-cache/tables.ts'
import {
  backtest,
  backtests,
  bundleOf,
  type Files,
  listAssets,
  loadPrices,
  openCaches,
  requestOf,
  workflow,
  writeFiles
} from './cache-workflow.ts'
import { type Bench, type Figure, interleaved, type Variant } from './measure.ts'

const run = promisify(execFile)

export const bench: Bench = {
  title: 'Asset lists and grouped prices, with caches and without',
  async run() {
    const directory = await mkdtemp(join(tmpdir(), 'rxtuna-bench-'))
    try {
      // First, because collecting what other figures leave behind would block the event loop, which is measured here.
      const large = await largeFigures(directory)
      const files = await writeFiles(directory, 500, 2_520)
      return [
        ...(await assetFigures(directory)),
        ...(await groupingFigures()),
        ...(await workflowFigures(directory, files)),
        ...(await realFigures()),
        ...large
      ]
    } finally {
      await rm(directory, { recursive: true })
    }
  }
}

/** Does it as often as a round has operations. */
const repeated =
  (work: () => unknown): Variant =>
  operations => ({
    run: async () => {
      for (let i = 0; i < operations; i++) await work()
    }
  })

/** Does all operations of a round at once. */
const once =
  (work: () => unknown): Variant =>
  () => ({ run: work })

async function assetFigures(directory: string): Promise<readonly Figure[]> {
  const files = await writeFiles(directory, 5_000, 1)
  await using cache = openAssetCache()
  const bundle = bundleOf(files)
  const plain = { name: 'plain', version: async () => '1', assets: async () => listAssets(files) }
  const listed = await interleaved(
    { list: repeated(() => listAssets(files)), checked: repeated(() => cache.assets(bundle)) },
    { operations: 100 }
  )
  const hits = await interleaved(
    { checked: repeated(() => cache.assets(bundle)), unchecked: repeated(() => cache.assets(plain)) },
    { operations: 10_000 }
  )
  await using data = openDataCache({ isolation: 'types' })
  const request = requestOf('1')
  const table = universe(50, 252, 'by day', 'dictionary')
  const load = async (): Promise<Table> => table
  await data.grouped(request, load)
  const { prices } = await writeFiles(directory, 50, 252)
  const grouped = await interleaved(
    {
      checked: repeated(async () => data.grouped({ ...request, version: (await fileVersion([prices])) && '1' }, load)),
      unchecked: repeated(() => data.grouped(request, load))
    },
    { operations: 10_000 }
  )
  return [
    {
      name: '5,000 assets: listing them over a hit with a version check',
      value: listed.ratio('list', 'checked'),
      unit: 'x',
      floor: { atLeast: 50 }
    },
    { name: 'a hit of the asset cache', value: hits.perOperation('unchecked'), unit: 'µs', floor: { atMost: 2 } },
    { name: 'a hit of the asset cache with a version check', value: hits.perOperation('checked'), unit: 'µs', floor: { atMost: 20 } },
    { name: 'a hit of the data cache', value: grouped.perOperation('unchecked'), unit: 'µs', floor: { atMost: 2 } },
    { name: 'a hit of the data cache with a version check', value: grouped.perOperation('checked'), unit: 'µs', floor: { atMost: 20 } }
  ]
}

/** A scan of the whole table for each asset, as one writes it: its texts and columns at hand as arrays, one loop. */
function scan({ symbols, columns }: Scanned, assets: readonly string[]): number {
  let rows = 0
  for (const asset of assets) {
    const picked: number[][] = columns.map(() => [])
    for (let row = 0; row < symbols.length; row++)
      if (symbols[row] === asset) for (let i = 0; i < columns.length; i++) picked[i]?.push((columns[i] as Float64Array)[row] as number)
    rows += picked[0]?.length ?? 0
  }
  return rows
}

/** The tightest scan that we could write: of the codes that Arrow keeps inside, counted first, into arrays of the right size. */
function tightScan({ codes, columns }: Scanned, assets: readonly string[]): number {
  let rows = 0
  for (let asset = 0; asset < assets.length; asset++) {
    let count = 0
    for (let row = 0; row < codes.length; row++) if (codes[row] === asset) count++
    const picked = new Int32Array(count)
    let at = 0
    for (let row = 0; row < codes.length; row++) if (codes[row] === asset) picked[at++] = row
    for (const values of columns) {
      const of = new Float64Array(count)
      for (let i = 0; i < count; i++) of[i] = values[picked[i] as number] as number
      rows += of.length
    }
  }
  return rows
}

interface Scanned {
  readonly symbols: readonly string[]
  readonly codes: Int32Array
  readonly columns: readonly Float64Array[]
}

function scannedOf(table: Table): Scanned {
  const symbol = table.getChild('symbol')
  const columns = requestOf('').columns.map(name => table.getChild(name)?.data[0]?.values as Float64Array)
  return { symbols: [...(symbol ?? [])] as string[], codes: symbol?.data[0]?.values as Int32Array, columns }
}

async function groupingFigures(): Promise<readonly Figure[]> {
  const figures: Figure[] = []
  for (const { symbols, days, floor } of [
    { symbols: 50, days: 252, floor: 5 },
    { symbols: 500, days: 2_520, floor: 25 },
    { symbols: 5_000, days: 2_520, floor: 100 }
  ]) {
    const table = universe(symbols, days, 'by day', 'dictionary')
    const scanned = scannedOf(table)
    const assets = [...new Set(scanned.symbols)].slice(0, 50)
    const operations = symbols === 50 ? 20 : 1
    const measured = await interleaved(
      {
        group: repeated(async () => {
          await using cache = openDataCache({ enabled: false, isolation: 'types' })
          await cache.grouped(requestOf('1'), async () => table)
        }),
        scan: repeated(() => scan(scanned, assets)),
        tight: repeated(() => tightScan(scanned, assets))
      },
      { operations, rounds: symbols > 1_000 ? 3 : 9, warmup: symbols > 1_000 ? 1 : 3 }
    )
    const name = `${symbols.toLocaleString('en')} × ${days}`
    const ratio = (of: 'scan' | 'tight'): number => (measured.ratio(of, 'group') * symbols) / assets.length
    figures.push(
      { name: `${name}: a scan per asset over one pass`, value: ratio('scan'), unit: 'x', floor: { atLeast: floor } },
      { name: `${name}: the tightest scan per asset over one pass`, value: ratio('tight'), unit: 'x' }
    )
  }
  return figures
}

async function workflowFigures(directory: string, files: Files): Promise<readonly Figure[]> {
  const count = 100
  await using warm = openCaches(true)
  await backtests(warm, files, 1)
  const { groups } = await warm.data.grouped(requestOf(await fileVersion([files.prices])), () => loadPrices(files))
  const alone = [...groups.values()]
  const measured = await interleaved(
    {
      alone: once(() => {
        for (let i = 0; i < count; i++) backtest(alone, 10 + i)
      }),
      warm: once(() => backtests(warm, files, count)),
      cached: once(() => workflow(files, count, true)),
      // A tenth of the backtests, for each of them is the same.
      plain: once(() => workflow(files, count / 10, false))
    },
    { operations: count, rounds: 5, warmup: 1 }
  )
  const program = fileURLToPath(new URL('cache-workflow.ts', import.meta.url))
  const peak = async (mode: string): Promise<number> => {
    const { stdout } = await run(process.execPath, [...process.execArgv, program, mode, '500', '20', directory])
    return (JSON.parse(stdout) as { readonly megabytes: number }).megabytes
  }
  return [
    {
      name: '100 backtests of 500 × 2520 with loaded caches over the same alone',
      value: measured.ratio('warm', 'alone'),
      unit: 'x',
      floor: { atMost: 1.05 }
    },
    {
      name: '100 backtests from their files: without caches over with them',
      value: 10 * measured.ratio('plain', 'cached'),
      unit: 'x',
      floor: { atLeast: 10 }
    },
    {
      name: 'peak memory of 20 backtests: with caches over without',
      value: (await peak('cached')) / (await peak('plain')),
      unit: 'x',
      floor: { atMost: 1 }
    }
  ]
}

/** The same with the real prices that the examples have, which a CSV file holds. */
async function realFigures(): Promise<readonly Figure[]> {
  const request = { dataset: 'stocks', version: '1', groupBy: 'symbol', columns: ['close'] }
  const load = async () => loadBars(await listSymbols())
  const trade = async (enabled: boolean, count: number): Promise<void> => {
    await using cache = openDataCache({ enabled, isolation: 'types' })
    for (let i = 0; i < count; i++) backtest((await cache.grouped(request, load)).groups.values(), 10 + i)
  }
  const measured = await interleaved(
    { plain: once(() => trade(false, 5)), cached: once(() => trade(true, 100)) },
    { operations: 1, rounds: 3, warmup: 1 }
  )
  return [
    {
      name: '100 backtests on real prices: without caches over with them',
      value: 20 * measured.ratio('plain', 'cached'),
      unit: 'x',
      floor: { atLeast: 10 }
    }
  ]
}

/** 12.6 million rows, 504 MB of arrays. */
async function largeFigures(directory: string): Promise<readonly Figure[]> {
  const entry = fileURLToPath(new URL('cache-worker.ts', import.meta.url))
  const table = universe(5_000, 2_520, 'by day', 'dictionary')
  await using cache = openDataCache({ shared: true, isolation: 'types' })
  const before = process.memoryUsage().rss
  let peak = 0
  let longest = 0
  let last = performance.now()
  const watching = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last - 1)
    last = now
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 1)
  const data = await cache.grouped(requestOf('1'), async () => table)
  await new Promise(resolve => setTimeout(resolve, 5))
  clearInterval(watching)
  const megabyte = 1e6
  const handle = data.transfer()
  const workers: Worker[] = []
  // As users have it: JavaScript, which takes no compiler of types along into each thread.
  const program = join(directory, 'cache-worker.mjs')
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', format: 'esm', conditions: ['@rxtuna/source'] })
  const alone = process.memoryUsage().rss
  for (let i = 0; i < 4; i++) {
    const worker = new Worker(program, { workerData: handle, execArgv: [] })
    await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    workers.push(worker)
  }
  const together = process.memoryUsage().rss
  await Promise.all(workers.map(worker => worker.terminate()))
  // The table itself is as large as the arrays that are made of it.
  return [
    {
      name: '12.6 million rows: memory of the grouping and its table over that of the arrays',
      value: 1 + (peak - before) / data.byteLength,
      unit: 'x',
      floor: { atMost: 2.5 }
    },
    { name: '12.6 million rows: the event loop is blocked at most', value: longest, unit: 'ms', floor: { atMost: 50 } },
    { name: 'each of four worker threads on the same 504 MB', value: (together - alone) / 4 / megabyte, unit: 'MB', floor: { atMost: 40 } }
  ]
}
