// A process of the tests: works on a study that others work on at the same time, and prints what it did and saw.
import { once } from 'node:events'
import { join } from 'node:path'
import {
  categorical,
  createStudy,
  dedup,
  float,
  int,
  ofType,
  openSqliteGuard,
  paramKey,
  type Sampler,
  samplers,
  space,
  sqlite
} from 'rxtuna'

/** What one process says when it is done. */
export interface Told {
  /** Keys of the sets that it evaluated. */
  readonly evaluated: readonly string[]
  /** Numbers that it had begun to draw for when another process took them. */
  readonly abandoned: readonly number[]
  /** Numbers of trials that it began. */
  readonly started: readonly number[]
  /** The last trial that it drew, the finished trials that its sampler saw then, and those that it saw running. */
  readonly last: { readonly trial: number; readonly finished: readonly number[]; readonly running: readonly number[] }
}

const [directory = '', until = ''] = process.argv.slice(2)
const tpe = samplers.tpe()
const evaluated: string[] = []
const abandoned: number[] = []
const started: number[] = []
let last: Told['last'] = { trial: -1, finished: [], running: [] }

/** TPE, and a note of what it was shown. */
const noting: Sampler = {
  ...tpe,
  sampleJoint(history, table) {
    const running = [...history.trials('running')].map(({ number }) => number)
    last = { trial: history.trial, finished: [...history.outcomes().numbers], running }
    return tpe.sampleJoint?.(history, table) ?? { params: {} }
  }
}
await using study = await createStudy({
  name: 'study',
  seed: 5,
  storage: sqlite(join(directory, 'study.db')),
  sampler: noting,
  plugins: [dedup({ guard: () => openSqliteGuard({ path: join(directory, 'guard.db') }) })]
})
study.events$.pipe(ofType('ask.abandoned')).subscribe(({ trial }) => abandoned.push(trial))
study.events$.pipe(ofType('trial.started')).subscribe(({ trial }) => started.push(trial))
process.send?.('ready')
await once(process, 'message')
await study.optimize(
  {
    space: space({ x: float(-1, 1, { step: 0.1 }), n: int(1, 8), side: categorical(['a', 'b']) }),
    async evaluate(params) {
      evaluated.push(paramKey(params))
      for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
      return params.x ** 2 + (params.n - 5) ** 2 + (params.side === 'a' ? 0.1 : 0)
    }
  },
  { until: Number(until), concurrency: 2 }
)
process.send?.({ evaluated, abandoned, started, last } satisfies Told)
// The others may still be at their last trials.
await once(process, 'message')
process.send?.(
  (await study.trials()).map(({ startedAt, finishedAt, ...rest }) => ({ ...rest, ms: [startedAt?.getTime(), finishedAt?.getTime()] }))
)
process.disconnect()
