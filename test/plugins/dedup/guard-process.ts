// A process of the tests: claims signatures in a guard that others share, and prints those that it won.
import { once } from 'node:events'
import { openWorker } from '@rxtuna/core/node'
import { openSqliteGuard, paramSignature } from '@rxtuna/dedup'

const [path = '', first = '0', count = '0'] = process.argv.slice(2)
await using guard = await openSqliteGuard({ path })
const worker = JSON.stringify(openWorker().worker)
console.log('ready')
await once(process.stdin, 'data')
for (let x = 0; x < Number(count); x++) {
  const claim = await guard.claim(paramSignature({ x }), { study: 'study', trial: Number(first) + x, worker })
  if (claim.kind === 'mine') console.log(`won ${x}`)
}
console.log('claimed')
if (first === '0') process.stdin.destroy()
else await once(process.stdin, 'data')
process.stdin.destroy()
