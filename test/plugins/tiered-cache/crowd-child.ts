// One of a crowd: asks a cache for many keys at once until its time is over, and writes down what it saw. Says `ready`, and waits for a line.
import { writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { openTieredCache } from '@rxtuna/tiered-cache'
import { randomStream } from '../../../core/src/random-stream.ts'
import { type CrowdLog, callers, coldBytes, hotBytes, keys, popular, requestOf, tableOf } from './crowd-tables.ts'
import { closes } from './workspace.ts'

const [directory = '', log = '', number = '0', seed = '0', ms = '0'] = process.argv.slice(2)
const random = randomStream(Number(seed), Number(number), 0, 'crowd')
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
await using cache = await openTieredCache({ directory, hotBytes, coldBytes, pollMs: 2 })

const loads: CrowdLog['loads'][number][] = []
const wrong: string[] = []
const failures = new Map<string, number>()
const counted = { calls: 0, answered: 0, failed: 0, left: 0 }
cache.events.on('fail', ({ key, error }) => wrong.push(`fail ${key} ${error.message}`))
cache.events.on('invalidate', ({ key, reason }) => wrong.push(`invalidate ${key} ${reason}`))

/** A source that takes a while, fails at times, and ends at once when nobody waits for it. */
async function load(key: number, signal: AbortSignal) {
  const begin = process.hrtime.bigint()
  const ends = (): void => void loads.push({ key, begin: `${begin}`, end: `${process.hrtime.bigint()}` })
  const fails = random.next() < 0.1
  try {
    signal.throwIfAborted()
    await waiting(random.next() * 10, signal)
  } finally {
    ends()
  }
  if (!fails) return tableOf(key)
  const message = `no data ${failures.size}`
  failures.set(message, key)
  throw new Error(message)
}

function waiting(delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, delay)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}

async function call(): Promise<void> {
  const key = random.int(0, (random.next() < 0.3 ? popular : keys) - 1)
  const controller = random.next() < 0.2 ? new AbortController() : undefined
  const reason = new Error('left')
  const timer = controller ? setTimeout(() => controller.abort(reason), random.next() * 8) : undefined
  counted.calls++
  try {
    const table = await cache.getOrLoad(requestOf(key), signal => load(key, signal), controller ? { signal: controller.signal } : {})
    counted.answered++
    const [got, expected] = [closes(table), closes(tableOf(key))]
    if (got.length !== expected.length || got.some((value, i) => value !== expected[i])) wrong.push(`a wrong table for key ${key}`)
  } catch (error) {
    const { message } = error as Error
    if (error === reason) counted.left++
    else if (failures.get(message) === key) counted.failed++
    else wrong.push(`key ${key} rejects: ${message}`)
  } finally {
    clearTimeout(timer)
  }
}

process.stdout.write('ready\n')
await lines.next()
const until = performance.now() + Number(ms)
await Promise.all(
  Array.from({ length: callers }, async () => {
    while (performance.now() < until) {
      await call()
      // Hits in memory would leave timers no turn.
      await new Promise(resolve => setImmediate(resolve))
    }
  })
)
const { hits, misses, joined, evictions, hot } = cache.stats()
await cache.recordDailyStatistics()
const report: CrowdLog = { loads, wrong, ...counted, hits, misses, joined, evictions, hotEvictions: hot.evictions }
writeFileSync(log, JSON.stringify(report))
// The open input would keep the process alive.
process.stdin.destroy()
