// A process that is killed while it works on a cache: it says `begin <what> …` and `end <what> …` around everything that it does.
import { readdirSync, writeSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'
import { openTieredCache } from '@rxtuna/tiered-cache'
import { randomStream } from '../../../core/src/random-stream.ts'
import { keys, requestOf, roomy, tableOf, tight, versionOf } from './kill-tables.ts'

const [directory = '', work = '', seed = '0', firstVersion = '0'] = process.argv.slice(2)
const random = randomStream(Number(seed), Number(firstVersion), 0, work)
// Nothing that was said may be lost in a buffer.
const say = (line: string): void => void writeSync(1, `${line}\n`)
let version = Number(firstVersion)
// Loading the modules is not what is to be hit, and need not be done anew by each process.
{
  await using warm = await openTieredCache({ directory: `${directory}-warm-${process.pid}` })
  await warm.put(requestOf(0), tableOf(0, 0))
}
flushCompileCache()

if (work === 'migrate') {
  for (let name = 0; name < readdirSync(directory).length; name++) {
    say(`begin migrate ${name}`)
    await using _migrated = await openTieredCache({ directory: join(directory, `${name}`), hotBytes: 0, coldBytes: roomy })
    say(`end migrate ${name}`)
  }
  // Whoever kills finds a living process.
  setInterval(() => {}, 1_000)
}
const cache = await openTieredCache({ directory: work === 'migrate' ? join(directory, 'last') : directory, hotBytes: 0, coldBytes: roomy })

async function put(): Promise<void> {
  const key = random.int(0, keys - 1)
  const backtest = `b${random.int(0, 2)}`
  const made = ++version
  say(`begin put ${key} ${made} ${backtest}`)
  await cache.put(requestOf(key), tableOf(key, made), { backtestId: backtest })
  say(`end put ${key} ${made} ${backtest}`)
}
async function load(): Promise<void> {
  const key = random.int(0, keys - 1)
  const made = ++version
  say(`begin getOrLoad ${key} ${made}`)
  const table = await cache.getOrLoad(requestOf(key), async () => tableOf(key, made))
  say(`end getOrLoad ${key} ${versionOf(key, table)}`)
}
async function clearKey(): Promise<void> {
  const key = random.int(0, keys - 1)
  say(`begin clear-key ${key}`)
  await cache.clear({ key: cache.key(requestOf(key)) })
  say(`end clear-key ${key}`)
}
async function clearBacktest(): Promise<void> {
  const backtestId = `b${random.int(0, 2)}`
  say(`begin clear-backtest ${backtestId}`)
  await cache.clear({ backtestId })
  say(`end clear-backtest ${backtestId}`)
}
async function clearAll(): Promise<void> {
  say('begin clear-all')
  await cache.clear()
  say('end clear-all')
}
async function evict(coldBytes: number): Promise<void> {
  say(`begin evict ${coldBytes}`)
  await cache.resize({ coldBytes })
  say(`end evict ${coldBytes}`)
}

while (work !== 'migrate') {
  if (work === 'put') await put()
  else if (work === 'getOrLoad') {
    await load()
    if (random.next() < 0.3) await clearKey()
  } else if (work === 'evict') {
    await evict(tight)
    await put()
  } else if (work === 'clear-key') {
    await clearKey()
    if (random.next() < 0.3) await put()
  } else {
    if (work === 'clear-all') await clearAll()
    else await clearBacktest()
    await put()
  }
}
