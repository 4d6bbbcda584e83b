// A process of the tests: works on a study that others share.
import { createStudy } from '@rxtuna/core'
import { dedup, openSqliteGuard } from '@rxtuna/dedup'
import { sqlite } from '@rxtuna/rdb-storage'
import { held, open, shared } from './study-objective.ts'

const [mode = '', directory = '', count = '0'] = process.argv.slice(2)
await using study = await createStudy({
  name: 'study',
  seed: 11,
  storage: sqlite(`${directory}/study.db`),
  plugins: [dedup({ guard: () => openSqliteGuard({ path: `${directory}/guard.db` }) })]
})
const heard = (): Promise<void> => new Promise(resolve => process.stdin.once('data', () => resolve()))
const dies = (): void => void process.kill(process.pid, 'SIGKILL')

if (mode === 'run') {
  console.log('ready')
  await heard()
  await study.optimize(shared, { trials: Number(count), concurrency: 3 })
} else if (mode === 'hold') {
  void heard().then(open)
  await study.optimize(held, { trials: 1 })
} else if (mode === 'told') {
  // Ends before the guard is told, which is 50 ms later.
  await heard()
  study.events$.subscribe(event => event.type === 'trial.completed' && dies())
  open()
  await study.optimize(held, { trials: 1 })
} else if (mode === 'deterministic') {
  let told = 0
  study.events$.subscribe(event => event.type === 'trial.completed' && ++told === Number(count) && dies())
  await study.optimize(shared, { until: 40, concurrency: 4, deterministic: true })
}
console.log('done')
process.stdin.destroy()
