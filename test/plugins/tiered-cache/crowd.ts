import { mkdirSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { start } from './child.ts'
import { type CrowdLog, coldBytes } from './crowd-tables.ts'
import { checkDirectory } from './sound-directory.ts'
import { workspace } from './workspace.ts'

const processes = 8

/** Lets eight processes use one directory for so long, and checks what they saw and left. Returns sums of what they counted. */
export async function crowd(seed: number, ms: number): Promise<Readonly<Record<string, number>>> {
  await using space = workspace()
  const directory = space.file('cache')
  mkdirSync(directory)
  const logs = await work(directory, seed, ms, number => space.file(`${number}.json`))
  expect(logs.flatMap(({ wrong }) => wrong)).to.deep.equal([])
  checkLoads(logs)
  for (const log of logs) checkCounters(log)
  const sum = (name: Exclude<keyof CrowdLog, 'loads' | 'wrong'>): number => logs.reduce((total, log) => total + log[name], 0)

  const tables = await checkDirectory(directory, coldBytes)
  expect(tables.leases).to.deep.equal([])
  expect(tables.statistics).to.deep.equal({ hits: sum('hits'), misses: sum('misses') })
  const { calls, answered, failed, left, hits, misses, joined, evictions, hotEvictions } = Object.fromEntries(
    (['calls', 'answered', 'failed', 'left', 'hits', 'misses', 'joined', 'evictions', 'hotEvictions'] as const).map(name => [
      name,
      sum(name)
    ])
  )
  return { calls, answered, failed, left, hits, misses, joined, evictions, hotEvictions } as Record<string, number>
}

async function work(directory: string, seed: number, ms: number, log: (number: number) => string): Promise<readonly CrowdLog[]> {
  await using children = new AsyncDisposableStack()
  const all = Array.from({ length: processes }, (_, number) => {
    return children.use(start('crowd-child.ts', [directory, log(number), `${number}`, `${seed}`, `${ms}`]))
  })
  for (const child of all) expect(await child.line()).to.equal('ready')
  for (const child of all) child.say('go')
  await Promise.all(all.map(child => child.ended))
  // Written by the processes, which know no other shape.
  return all.map((_, number) => JSON.parse(readFileSync(log(number), 'utf8')) as CrowdLog)
}

/** No two loads of a key overlap, in whichever processes. */
function checkLoads(logs: readonly CrowdLog[]): void {
  const byKey = new Map<number, { readonly begin: bigint; readonly end: bigint; readonly by: number }[]>()
  for (const [by, { loads }] of logs.entries()) {
    for (const { key, begin, end } of loads) {
      const before = byKey.get(key) ?? []
      byKey.set(key, before)
      before.push({ begin: BigInt(begin), end: BigInt(end), by })
    }
  }
  const overlaps: string[] = []
  for (const [key, loads] of byKey) {
    loads.sort((a, b) => Number(a.begin - b.begin))
    for (const [i, load] of loads.entries()) {
      const before = loads[i - 1]
      if (before && load.begin < before.end)
        overlaps.push(`key ${key}: process ${load.by} began ${before.end - load.begin} ns before ${before.by} ended`)
    }
  }
  expect(overlaps, 'loads of one key at a time').to.deep.equal([])
}

/** Each call is one hit, one miss or one that joined; only one that was left while it waited for its turn is none of them. */
function checkCounters({ loads, calls, answered, failed, left, hits, misses, joined }: CrowdLog): void {
  expect(answered + failed + left).to.equal(calls)
  expect(misses).to.equal(loads.length)
  expect(hits + misses + joined).to.be.within(calls - left, calls)
}
