import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache, type TableRequest, type TieredCache } from '@rxtuna/tiered-cache'
import { expect } from 'chai'
import { type RandomStream, randomStream } from '../../../core/src/random-stream.ts'
import { start } from './child.ts'
import { KillModel } from './kill-model.ts'
import { keys, requestOf, roomy, tableOf, versionOf } from './kill-tables.ts'
import { makeSchema1 } from './schema-1.ts'
import { checkDirectory } from './sound-directory.ts'
import { daily, failures } from './workspace.ts'

const works = ['put', 'getOrLoad', 'evict', 'clear-key', 'clear-backtest', 'clear-all', 'migrate'] as const
const lanes = 2
const oldEntries = 30
const oldCaches = 12

/** Kills so many processes at random moments of their work, checks what each left, and returns how often each kind of work was hit. */
export async function kills(seed: number, count: number): Promise<Readonly<Record<string, number>>> {
  const root = mkdtempSync(join(tmpdir(), 'rxtuna-kills-'))
  const hits: Record<string, number> = Object.fromEntries(works.map(work => [work, 0]))
  try {
    const old = join(root, 'old')
    const kept = await makeSchema1(
      old,
      Array.from({ length: oldEntries }, (_, i) => ({ request: daily(`old${i}`), table: tableOf(i, 1) }))
    )
    let next = 0
    const isDone = (): boolean => next >= count && (works.every(work => (hits[work] as number) > 0) || next >= 10 * count)
    const lane = async (number: number): Promise<void> => {
      const directory = join(root, `${number}`)
      // Types are stripped once and not by each process.
      const env = { NODE_COMPILE_CACHE: join(root, 'compiled') }
      while (!isDone()) {
        const round = next++
        // When each was killed as often as it should, those come again that were not hit.
        const missed = works.filter(work => hits[work] === 0)
        const work = round < count ? works[round % works.length] : missed[round % missed.length]
        if (work === undefined) return
        const random = randomStream(seed, round, 0, 'kills')
        const kill = (args: readonly string[], moment: Moment) => killed(args, env, moment)
        const underWay =
          work === 'migrate'
            ? await killMigrating(join(root, `migrated-${round}`), old, kept, random, kill)
            : await killWorking({ directory, work, seed, round, random, kill })
        if (underWay !== undefined) hits[underWay] = (hits[underWay] ?? 0) + 1
      }
    }
    const ends = await Promise.allSettled(Array.from({ length: lanes }, (_, number) => lane(number)))
    // Only when both have ended may their directories go.
    for (const end of ends) if (end.status === 'rejected') throw end.reason
    for (const work of works) expect(hits[work], `${work}, killed while under way`).to.be.above(0)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
  return hits
}

/** When to kill: at the first `aim` that begins after so many milliseconds, and then a little later. */
interface Moment {
  readonly aim: string
  readonly afterMs: number
  readonly thenMs: number
}
type Kill = (args: readonly string[], moment: Moment) => Promise<readonly string[]>

interface Working {
  readonly directory: string
  readonly work: string
  readonly seed: number
  readonly round: number
  readonly random: RandomStream
  readonly kill: Kill
}

/** Kills a process that works on a cache of our own schema. Returns what was under way. */
async function killWorking({ directory, work, seed, round, random, kill }: Working): Promise<string | undefined> {
  // Each process counts its versions from a number of its own.
  const firstVersion = (round + 1) * 100_000
  const model = await fill(directory, firstVersion)
  const aim = work === 'evict' ? 'put' : work
  const lines = await kill([directory, work, `${seed}`, `${firstVersion + keys}`], {
    aim,
    afterMs: random.next() * 150,
    thenMs: random.next() * (work.startsWith('clear') ? 2 : 8)
  })
  for (const line of lines) model.hear(line)
  const context = `round ${round}, ${work}, killed after "${lines.at(-1)}"`
  await using cache = await openTieredCache({ directory, hotBytes: 0, coldBytes: Math.min(model.limit, roomy) })
  const said = complaints(cache)
  await checkDirectory(directory, Math.min(model.limit, roomy), context)
  for (let key = 0; key < keys; key++) {
    const table = await cache.get(cache.key(requestOf(key)))
    const version = table ? versionOf(key, table) : 0
    expect(model.allows(key, version), `${context}: key ${key} is version ${version}, expected ${model.says(key)}`).to.equal(true)
  }
  // A lease that the dead process held keeps nobody waiting.
  for (let key = 0; key < keys; key++) versionOf(key, await cache.getOrLoad(requestOf(key), async () => tableOf(key, firstVersion)))
  await checkDirectory(directory, Math.min(model.limit, roomy), `${context}, after loads`)
  expect(said, context).to.deep.equal([])
  // With a tight limit, a put is what evicts.
  return work === 'evict' && model.underWay === 'put' && model.limit < roomy ? 'evict' : model.underWay
}

/** Kills a process that opens caches of an older schema, one after the other. */
async function killMigrating(
  directory: string,
  old: string,
  kept: readonly TableRequest[],
  random: RandomStream,
  kill: Kill
): Promise<string | undefined> {
  for (let i = 0; i < oldCaches; i++) cpSync(old, join(directory, `${i}`), { recursive: true })
  const lines = await kill([directory, 'migrate'], {
    aim: `migrate ${random.int(0, oldCaches - 1)}`,
    afterMs: 0,
    thenMs: random.next() * 8
  })
  const [moment, , name = ''] = lines.at(-1)?.split(' ') ?? []
  const context = `killed after "${lines.at(-1)}"`
  {
    await using cache = await openTieredCache({ directory: join(directory, name), hotBytes: 0, coldBytes: roomy })
    const codes = failures(cache)
    for (const request of kept) {
      const table = await cache.get(cache.key(request))
      if (!table) throw new Error(`Expected the table of ${request.symbols}, got none, ${context}.`)
      expect(versionOf(Number(request.symbols[0]?.slice(3)), table), context).to.equal(1)
    }
    for (let i = 9; i < oldEntries; i += 10) expect(await cache.get(cache.key(daily(`old${i}`))), context).to.equal(undefined)
    expect(codes, context).to.deep.equal([])
    await checkDirectory(join(directory, name), roomy, context)
  }
  rmSync(directory, { recursive: true })
  return moment === 'begin' ? 'migrate' : undefined
}

/** Puts a table of each key that has none, and begins a model with what is there. */
async function fill(directory: string, version: number): Promise<KillModel> {
  const found = new Map<number, number>()
  const links = new Map<number, Set<string>>()
  await using cache = await openTieredCache({ directory, hotBytes: 0, coldBytes: roomy })
  for (let key = 0; key < keys; key++) {
    const table = await cache.getOrLoad(requestOf(key), async () => tableOf(key, version + key))
    found.set(key, versionOf(key, table))
    links.set(key, new Set())
  }
  using db = await openSqlite({ path: join(directory, 'metadata.db') })
  const rows = db.prepare('SELECT cache_key AS cacheKey, backtest_id AS backtest FROM backtest_cache_links').all()
  const numbers = new Map(Array.from({ length: keys }, (_, key) => [cache.key(requestOf(key)), key]))
  // The statement names its columns like these.
  for (const { cacheKey, backtest } of rows as { cacheKey: string; backtest: string }[])
    links.get(numbers.get(cacheKey) as number)?.add(backtest)
  return new KillModel(Number.POSITIVE_INFINITY, found, links)
}

/** Lets a process work for a while, kills it so many milliseconds after it next begins `aim`, and returns all that it said. */
async function killed(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  { aim, afterMs, thenMs }: Moment
): Promise<readonly string[]> {
  await using child = start('kill-child.ts', args, { env })
  const lines: string[] = []
  const hear = async (): Promise<string> => {
    const line = await child.line()
    if (line === undefined) throw new Error(`Expected a process at work, but it ended after "${lines.at(-1)}".`)
    lines.push(line)
    return line
  }
  await hear()
  const until = performance.now() + afterMs
  while (performance.now() < until || !lines.at(-1)?.startsWith(`begin ${aim}`)) await hear()
  await pause(thenMs)
  await child.kill()
  for (let line = await child.line(); line !== undefined; line = await child.line()) lines.push(line)
  return lines
}

/** What a cache has to say of files and of its disk from now on. */
function complaints(cache: TieredCache): readonly string[] {
  const said = failures(cache)
  cache.events.on('invalidate', ({ key, reason }) => said.push(`${key} ${reason}`))
  return said
}
