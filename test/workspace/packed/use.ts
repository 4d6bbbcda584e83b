// What a user writes: tools/pack.ts type-checks this and runs it twice in an empty project, on the packed packages.
import assert from 'node:assert/strict'
import { tableFromArrays } from 'apache-arrow'
import { caching, createStudy, dedup, int, ofType, type Plugin, pruners, samplers, space, sqlite, telemetry } from 'rxtuna'

const until = Number(process.argv[2])
let started = 0
const counting: Plugin = {
  name: 'counting',
  install(ctx) {
    ctx.events$.pipe(ofType('trial.started')).subscribe(event => {
      started += event.trial >= 0 ? 1 : 0
    })
  }
}

await using caches = await caching({ directory: 'cache' })
await using study = await createStudy({
  name: 'packed',
  direction: 'minimize',
  storage: sqlite('study.db'),
  sampler: samplers.random(),
  pruner: pruners.median(),
  seed: 1,
  plugins: [telemetry(), dedup(), ...caches.plugins, counting]
})
const before = (await study.trials()).length
const points = space({ x: int(-4, 4), y: int(-4, 4) }, { where: ({ x, y }) => x !== y })
const prices = { symbols: ['A'], startDate: '2000-01-01', endDate: '2000-01-03', resolution: '1d', dataSource: 'packed' }
const summary = await study.optimize(
  {
    space: points,
    version: import.meta.url,
    async evaluate({ x, y }, trial) {
      const load = async () => tableFromArrays({ symbol: ['A', 'A', 'B'], close: Float64Array.of(1, 2, 3) })
      const table = await caches.tables.getOrLoad(prices, load, { signal: trial.signal })
      const request = { dataset: 'packed', version: '1', groupBy: 'symbol', columns: ['close'] }
      const { groups } = await caches.data.grouped(request, async () => table, { signal: trial.signal })
      return x ** 2 + y ** 2 + (groups.get('A')?.columns.close?.[1] ?? Number.NaN)
    }
  },
  { until, concurrency: 4, deterministic: true }
)

// Large enough for the threads, whose program is a file of its own.
const failures: unknown[] = []
caches.tables.events.on('fail', ({ error }) => failures.push(error))
const large = {
  close: Float64Array.from({ length: 500_000 }, (_, i) => Math.sin(i)),
  open: Float64Array.from({ length: 500_000 }, (_, i) => Math.cos(i))
}
await caches.tables.getOrLoad({ ...prices, symbols: ['L'] }, async () => large)
await caches.tables.resize({ hotBytes: 0 })
const back = await caches.tables.get(caches.tables.key({ ...prices, symbols: ['L'] }))
assert.equal(back?.getChild('close')?.get(499_999), Math.sin(499_999))
assert.deepEqual(failures, [], 'threads encode and decode')

const trials = await study.trials('complete')
assert.equal(trials.length, until, 'every trial is complete and stored')
assert.equal(started, until - before, 'a second run goes on where the first one ended')
assert.ok(summary.reused > 0, 'repeated params are answered by dedup')
assert.equal(caches.data.stats().misses, 1, 'data is grouped once')
const best: { readonly x: number; readonly y: number } | undefined = summary.best?.params
assert.ok(best && best.x !== best.y)
console.log(`${before} + ${started} trials, ${summary.reused} reused, best ${summary.best?.value} at ${JSON.stringify(best)}`)
