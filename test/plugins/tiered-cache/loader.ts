// A process that asks a cache for a table: says `asking`, waits for a line, and says `loading` if it has to load, which waits for a line too.
import { createInterface } from 'node:readline'
import { openTieredCache } from '@rxtuna/tiered-cache'
import { bars, closes, daily } from './workspace.ts'

const [directory = '', symbol = '', first = '1'] = process.argv.slice(2)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const say = (line: string): void => void process.stdout.write(`${line}\n`)

await using cache = await openTieredCache({ directory, pollMs: 2 })
say('asking')
await lines.next()
const table = await cache.getOrLoad(daily(symbol), async () => {
  say('loading')
  await lines.next()
  return bars(Number(first))
})
say(`got ${closes(table)[0]}`)
// The open input would keep the process alive.
process.stdin.destroy()
