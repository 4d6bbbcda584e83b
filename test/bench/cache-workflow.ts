// A hundred backtests over one bundle: assets listed, prices loaded and grouped, a moving average traded. As a program it says its peak memory:
// node cache-workflow.ts cached|plain SYMBOLS BACKTESTS DIRECTORY
import { existsSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type AssetBundle, type AssetCache, fileVersion, openAssetCache } from '@rxtuna/asset-cache'
import { type DataCache, type Group, type GroupRequest, openDataCache } from '@rxtuna/data-cache'
import { tableFromIPC, tableToIPC } from 'apache-arrow'
import Database from 'better-sqlite3'
import { universe } from '../plugins/data-cache/tables.ts'

/** A bundle on disk: its assets in a SQLite database, its prices in an Arrow file. */
export interface Files {
  readonly assets: string
  readonly prices: string
}

export async function writeFiles(directory: string, symbols: number, days: number): Promise<Files> {
  const files = { assets: join(directory, `assets-${symbols}.db`), prices: join(directory, `prices-${symbols}.arrow`) }
  const database = new Database(files.assets)
  database.exec(
    'CREATE TABLE assets (id INTEGER PRIMARY KEY, symbol TEXT NOT NULL, name TEXT, exchange TEXT, start_date TEXT, end_date TEXT)'
  )
  const insert = database.prepare('INSERT INTO assets (symbol, name, exchange, start_date, end_date) VALUES (?, ?, ?, ?, ?)')
  database.transaction(() => {
    for (let i = 0; i < symbols; i++)
      insert.run(`SYM${String(i).padStart(4, '0')}`, `Company number ${i}`, 'NYSE', '2001-03-01', '2013-03-01')
  })()
  database.close()
  await writeFile(files.prices, tableToIPC(universe(symbols, days, 'by day', 'dictionary'), 'file'))
  return files
}

/** The list as a bundle without a cache gives it: the database is opened and asked. */
export function listAssets({ assets }: Files): readonly string[] {
  const database = new Database(assets, { readonly: true })
  try {
    return database.prepare('SELECT symbol FROM assets ORDER BY id').pluck().all() as string[]
  } finally {
    database.close()
  }
}

export function bundleOf(files: Files): AssetBundle {
  return { name: 'bench', version: () => fileVersion([files.assets]), assets: async () => listAssets(files) }
}

export const requestOf = (version: string): GroupRequest => ({
  dataset: 'bench',
  version,
  groupBy: 'symbol',
  columns: ['open', 'high', 'low', 'close', 'volume']
})

export const loadPrices = async ({ prices }: Files) => tableFromIPC(await readFile(prices))

/** What one trades: above its mean of `window` days a symbol is held for the day that follows. */
export function backtest(groups: Iterable<Group>, window: number): number {
  let gain = 0
  for (const { columns, length } of groups) {
    const close = columns.close as unknown as Float64Array
    let sum = 0
    for (let i = 0; i + 1 < length; i++) {
      sum += close[i] as number
      if (i >= window) sum -= close[i - window] as number
      if (i >= window && (close[i] as number) * window > sum) gain += (close[i + 1] as number) / (close[i] as number) - 1
    }
  }
  return gain
}

/** Both caches, open. */
export interface OpenCaches extends AsyncDisposable {
  readonly assets: AssetCache
  readonly data: DataCache
}

export function openCaches(enabled: boolean): OpenCaches {
  const assets = openAssetCache({ enabled })
  const data = openDataCache({ enabled, isolation: 'types' })
  return {
    assets,
    data,
    [Symbol.asyncDispose]: async () => {
      await assets[Symbol.asyncDispose]()
      await data[Symbol.asyncDispose]()
    }
  }
}

/** So many backtests, each of which asks for its assets and its prices, and for their versions. */
export async function backtests({ assets, data }: OpenCaches, files: Files, count: number): Promise<number> {
  const bundle = bundleOf(files)
  let gain = 0
  for (let i = 0; i < count; i++) {
    const listed = await assets.assets(bundle)
    const version = await fileVersion([files.prices])
    const { groups } = await data.grouped(requestOf(version), () => loadPrices(files))
    gain += backtest(
      listed.map(symbol => groups.get(symbol) as Group),
      10 + i
    )
  }
  return gain
}

/** The whole of it, from files to gains. */
export async function workflow(files: Files, count: number, enabled: boolean): Promise<number> {
  await using caches = openCaches(enabled)
  return await backtests(caches, files, count)
}

/** The most memory that this process has had. Linux counts that of the parent, too, in `maxRSS`, and not here. */
function peakMegabytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return (kilobytes === undefined ? process.resourceUsage().maxRSS : Number(kilobytes)) / 1000
}

if (import.meta.main) {
  const [mode, symbols, count, directory] = process.argv.slice(2) as [string, string, string, string]
  const files = { assets: join(directory, `assets-${symbols}.db`), prices: join(directory, `prices-${symbols}.arrow`) }
  const gain = await workflow(files, Number(count), mode === 'cached')
  console.log(JSON.stringify({ gain, megabytes: peakMegabytes() }))
}
