import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caches, TrialRecord } from 'rxtuna'
import { bootstrap } from './bootstrap.ts'
import { buyAndHold } from './buy-and-hold.ts'
import { type Market, participation, periods } from './market.ts'
import type { CacheUse, FileUse, Report, Result, TrialCounts } from './report.ts'
import { type Backtest, type StrategyParams, simulate } from './strategy.ts'

/** What the study has, and what this run of it did. */
export interface Run {
  readonly market: Market
  readonly trials: readonly TrialRecord[]
  readonly best: (Pick<TrialRecord, 'number'> & { readonly params: StrategyParams; readonly value: number }) | undefined
  readonly wanted: number
  readonly rejected: number
}
/** What the market and the trials tell. */
export type Findings = Pick<Report, 'symbols' | 'periods' | 'best' | 'hold' | 'intervals' | 'trials'>

/** The figures of the best params and of buying and holding, and the trials by what became of them. */
export function reportOf({ market, trials, best, wanted, rejected }: Run): Findings {
  const found = best && { number: best.number, params: best.params, ...resultOf(market, simulated(market, best.params)) }
  const intervals = trials.flatMap(({ state, reusedFrom, attributes }) =>
    state === 'complete' && reusedFrom === undefined && typeof attributes.hi === 'number' ? [attributes.hi] : []
  )
  return {
    symbols: best ? participation(market, best.params.slow) : market.symbols.map(({ symbol }) => ({ symbol })),
    periods,
    ...(found ? { best: found } : {}),
    hold: resultOf(market, buyAndHold(market)),
    ...(best ? { intervals: { reaching: intervals.filter(hi => hi >= best.value).length, of: intervals.length } } : {}),
    trials: { ...countsOf(trials), rejected, ...(wanted > trials.length ? { wanted } : {}) }
  }
}

function simulated(market: Market, params: StrategyParams): Backtest {
  const run = simulate(market, params)
  for (const _ of run.years());
  return run.finish()
}

function resultOf(market: Market, { inSample, outOfSample, returns }: Backtest): Result {
  const { lo, hi } = bootstrap(returns.subarray(market.inSample.begin, market.inSample.end))
  return { inSample, outOfSample, interval: { lo, hi } }
}

function countsOf(trials: readonly TrialRecord[]): TrialCounts {
  const counts = { total: trials.length, completed: 0, pruned: 0, reused: 0, failed: 0 }
  for (const { state, reusedFrom } of trials) {
    if (state === 'failed') counts.failed++
    else if (reusedFrom !== undefined) counts.reused++
    else if (state === 'complete') counts.completed++
    else if (state === 'pruned') counts.pruned++
  }
  return counts
}

/** Milliseconds of one load of each cache's kind, when nothing is cached and the code is warm. */
export type LoadTimes = Readonly<Record<'assets' | 'data' | 'tables', number>>

export const noLoadTimes: LoadTimes = { assets: 0, data: 0, tables: 0 }

/** Measures loads through caches that are switched off: the middle of the last five of ten, because the first ones are cold and would overstate. */
export async function measureLoads(off: Caches, load: () => Promise<unknown>): Promise<LoadTimes> {
  const all = { assets: [] as number[], data: [] as number[], tables: [] as number[] }
  for (const name of ['assets', 'data', 'tables'] as const) off[name].events.on('load', ({ ms }) => void all[name].push(ms))
  for (let i = 0; i < 10; i++) await load()
  const middle = (times: readonly number[]): number => times.slice(-5).sort((a, b) => a - b)[2] ?? 0
  return { assets: middle(all.assets), data: middle(all.data), tables: middle(all.tables) }
}

/** One line per cache. What a cache loaded only once, it can but estimate; then a hit counts as a measured load. */
export function cacheUses(caches: Caches, times: LoadTimes): readonly CacheUse[] {
  return (['assets', 'data', 'tables'] as const).map(name => {
    const { hits, misses, joined, savedMs, savedEstimated } = caches[name].stats()
    return { name, hits, misses, joined, savedMs: savedEstimated ? hits * times[name] : savedMs }
  })
}

/** What lies at these paths now; those that do not exist are left out. */
export async function filesAt(paths: readonly string[]): Promise<readonly FileUse[]> {
  const found = await Promise.all(paths.map(fileAt))
  return found.filter(file => file !== undefined)
}

async function fileAt(path: string): Promise<FileUse | undefined> {
  try {
    const at = await stat(path)
    if (!at.isDirectory()) return { path, bytes: at.size }
    const inside = await Promise.all((await readdir(path)).map(name => stat(join(path, name))))
    return { path, files: inside.length, bytes: inside.reduce((sum, { size }) => sum + size, 0) }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
