// Optimizes a moving-average crossover on real daily bars, and says what it is worth on years that the search has not seen.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Caches,
  caching,
  createStudy,
  dedup,
  fileVersion,
  handleInterrupt,
  openSqliteGuard,
  type Plugin,
  progress,
  pruners,
  StudyError,
  samplers,
  storageFrom,
  telemetry
} from 'rxtuna'
import { dataFile } from './sma-crossover/bars.ts'
import { periods } from './sma-crossover/market.ts'
import { loadMarket, objective } from './sma-crossover/objective.ts'
import { directory, type Options, readOptions, resumeCommand, usage } from './sma-crossover/options.ts'
import { printReport } from './sma-crossover/print-report.ts'
import type { CacheUse, Report } from './sma-crossover/report.ts'
import { cacheUses, filesAt, measureLoads, noLoadTimes, reportOf } from './sma-crossover/result.ts'
import { Spending, timedSampler, timedStorage } from './sma-crossover/spending.ts'

const name = 'sma-crossover'

try {
  const options = readOptions(process.argv.slice(2))
  if (options) await main(options)
  else process.stdout.write(usage)
} catch (error) {
  // What the user can mend is said in a sentence; anything else is a fault, with its stack.
  const said = error instanceof StudyError || (error instanceof Error && error.message.startsWith('Expected '))
  const sentence = said ? error.message : error
  console.error(error instanceof StudyError && error.code === 'STUDY_SEED' ? `${error.message} Here: --fresh.` : sentence)
  process.exitCode = 1
}

async function main(options: Options): Promise<void> {
  await makeDirectory()
  const { files, exitCode, ...found } = await search(options)
  // The study is closed by now, so the files are what stays of it.
  const report: Report = { ...found, files: await filesAt(files) }
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : `\n${printReport(report)}`)
  if (exitCode !== undefined) process.exitCode = exitCode
}

async function search(
  options: Options
): Promise<Omit<Report, 'files'> & { readonly files: readonly string[]; readonly exitCode?: number }> {
  const { trials: until, lanes, quiet } = options
  const guardPath = join(directory, `${name}.dedup.db`)
  const cachePath = join(directory, 'cache')

  const spending = new Spending()
  await using storage = timedStorage(await storageFrom(options.storage)(), spending)
  if (options.fresh) await removeStudy(storage)
  const isNew = !(await storage.studies()).some(study => study.name === name)
  const seed = options.seed ?? (isNew ? 0 : undefined)

  await using caches = await caching({ directory: cachePath, ...(options.cache ? {} : { enableCaching: false }) })
  const rejections = countRejections()
  await using study = await createStudy({
    name,
    direction: 'maximize',
    storage,
    sampler: timedSampler(samplers.tpe(), spending),
    // The Sharpe ratio of the first three years says little about all of them.
    pruner: pruners.median({ warmupSteps: 3 }),
    ...(seed === undefined ? {} : { seed }),
    plugins: [
      telemetry(),
      dedup({
        guard: () => openSqliteGuard({ path: guardPath }),
        scope: { data: await fileVersion([dataFile]), until: periods.inSample.to }
      }),
      ...caches.plugins,
      ...(quiet ? [] : [progress({ total: until })]),
      rejections.plugin
    ]
  })
  using interrupt = handleInterrupt(study)

  spending.reset()
  const start = performance.now()
  const { best } = await study.optimize(objective(caches, spending), { until, concurrency: lanes, deterministic: true })
  const time = { wholeMs: performance.now() - start, parts: spending.parts }

  const used = options.cache ? { caches: await cachesUsed(caches) } : {}
  const trials = await study.trials()
  const market = await loadMarket(caches, new AbortController().signal)
  const { exitCode, interrupted } = interrupt
  // Twice what there is, or what was wanted and not reached.
  const resume = resumeCommand(options, interrupted && trials.length < until ? until : 2 * Math.max(until, trials.length))
  return {
    ...reportOf({ market, trials, best, wanted: until, rejected: rejections.count() }),
    seed: study.seed,
    lanes,
    time,
    ...used,
    files: [options.storage.replace(/^sqlite:\/\/\//, ''), guardPath, ...(options.cache ? [cachePath] : [])],
    ...(resume === undefined ? {} : { resume }),
    ...(exitCode === undefined ? {} : { exitCode })
  }
}

/** What the caches did, and what that saved against loads that nothing caches. */
async function cachesUsed(caches: Caches): Promise<readonly CacheUse[]> {
  const uses = cacheUses(caches, noLoadTimes)
  if (uses.every(({ hits }) => hits === 0)) return uses
  await using off = await caching({ enableCaching: false })
  return cacheUses(caches, await measureLoads(off, () => loadMarket(off, new AbortController().signal)))
}

async function makeDirectory(): Promise<void> {
  try {
    await mkdir(directory, { recursive: true })
  } catch (error) {
    const where = `${directory} in ${process.cwd()}`
    throw new RangeError(`Expected to make the directory ${where}, got: ${(error as Error).message}. Start where you may write.`)
  }
}

async function removeStudy(storage: ReturnType<typeof timedStorage>): Promise<void> {
  if ((await storage.studies()).some(study => study.name === name)) await storage.remove(name)
}

/** Counts the draws that `where` did not accept: each is an attempt more. Stands innermost, so that a redraw of dedup's is not one. */
function countRejections(): { readonly plugin: Plugin; count(): number } {
  let rejected = 0
  const plugin: Plugin = {
    name: 'rejections',
    install: ctx =>
      ctx.intercept('ask', async (call, next) => {
        const result = await next(call)
        rejected += result.attempt - call.attempt
        return result
      })
  }
  return { plugin, count: () => rejected }
}
