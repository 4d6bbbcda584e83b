// How the packages read together. Most of it is never run: it is a test because it is compiled.
import { createStudy, float, int, ofType, type Plugin, pruners, samplers, space } from '@rxtuna/core'
import { dedup } from '@rxtuna/dedup'
import { sqlite } from '@rxtuna/rdb-storage'
import { telemetry } from '@rxtuna/telemetry'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { caching } from 'rxtuna'

declare function backtest(bars: Table, fast: number, slow: number, stop: number | undefined): Iterable<number>
declare function loadBars(symbol: string, signal: AbortSignal): Promise<Table>

const crossover = space(
  s => ({
    fast: s.suggestInt('fast', 2, 50),
    slow: s.suggestInt('slow', 10, 250, { step: 5 }),
    stop: s.suggestCategorical('exit', ['cross', 'trail']) === 'trail' ? s.suggestFloat('stop', 0.02, 0.2, { step: 0.01 }) : undefined
  }),
  { where: ({ fast, slow }) => fast < slow }
)

async function optimizeOverBars(): Promise<void> {
  await using caches = await caching()
  await using study = await createStudy({
    name: 'sma-cross',
    direction: 'maximize',
    storage: sqlite('study.db'),
    sampler: samplers.random(),
    pruner: pruners.median({ warmupSteps: 5 }),
    seed: 7,
    plugins: [telemetry(), dedup(), ...caches.plugins]
  })
  study.events$.pipe(ofType('trial.pruned', 'trial.failed')).subscribe(event => console.log(event.type, event.trial))

  const { best, reused } = await study.optimize(
    {
      space: crossover,
      version: import.meta.url,
      evaluate: async ({ fast, slow, stop }, trial) => {
        const request = { symbols: ['AAPL'], startDate: '2000-03-01', endDate: '2013-03-01', resolution: '1d', dataSource: 'stocks' }
        const bars = await caches.tables.getOrLoad(request, signal => loadBars('AAPL', signal), { signal: trial.signal })
        let sharpe = 0
        let year = 0
        for (sharpe of backtest(bars, fast, slow, stop)) {
          trial.report(sharpe, year++)
          if (trial.shouldPrune()) trial.prune()
        }
        return sharpe
      }
    },
    { until: 200, concurrency: 4 }
  )
  if (best) console.log(best.value, best.params.fast + 1, reused)
}

// A plugin of one's own.
declare module '@rxtuna/core' {
  interface EventMap {
    'budget.spent': { readonly seconds: number }
  }
}
const budget = (limit: number): Plugin => ({
  name: 'budget',
  install(ctx) {
    let seconds = 0
    ctx.intercept('evaluate', async (call, next) => {
      if (seconds > limit) return { state: 'pruned', reason: 'budget spent' }
      const start = performance.now()
      const outcome = await next(call)
      seconds += (performance.now() - start) / 1000
      ctx.emit('budget.spent', { seconds })
      return outcome
    })
  }
})

describe('the packages', () => {
  it('read together as one program', () => {
    expect(optimizeOverBars).to.be.a('function')
  })

  it("take Optuna's one function, too", async () => {
    await using quick = await createStudy()
    const { complete } = await quick.optimize(trial => trial.suggestFloat('x', -10, 10) ** 2, { trials: 100 })
    expect(complete).to.equal(100)
  })

  it('take as many values as there are directions, in ask and tell', async () => {
    await using pareto = await createStudy({ direction: ['minimize', 'maximize'], plugins: [dedup()] })
    const table = space({ rate: float(1e-5, 1e-1, { log: true }), layers: int(1, 4) })
    for (let i = 0; i < 8; i++) {
      const trial = await pareto.ask(table)
      await pareto.tell(trial, trial.answer ?? [trial.params.rate, trial.params.layers])
    }
    expect((await pareto.trials('complete')).length).to.equal(8)
    // @ts-expect-error two directions need two values
    void (() => pareto.optimize({ space: table, evaluate: () => 1 }))
  })

  it('take a plugin of thirty lines with events of its own', async () => {
    await using study = await createStudy({ plugins: [budget(60)] })
    const spent: number[] = []
    study.events$.pipe(ofType('budget.spent')).subscribe(({ seconds }) => spent.push(seconds))
    await study.optimize(() => 1, { trials: 3 })
    expect(spent.length).to.equal(3)
  })
})
