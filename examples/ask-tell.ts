// The same search as sma-crossover.ts in a loop of one's own: ask for params, evaluate them in whatever way, tell what came of it.
import { caching, createStudy, dedup, type Trial, TrialPruned } from 'rxtuna'
import { crossover, loadMarket } from './sma-crossover/objective.ts'
import { type StrategyParams, simulate } from './sma-crossover/strategy.ts'

await using caches = await caching()
await using study = await createStudy({ direction: 'maximize', seed: 3, plugins: [dedup(), ...caches.plugins] })
const market = await loadMarket(caches, new AbortController().signal)

function sharpe(trial: Trial<StrategyParams>): number {
  let last = 0
  for (const { step, sharpe } of simulate(market, trial.params).years()) {
    trial.report(sharpe, step)
    if (trial.shouldPrune()) trial.prune()
    last = sharpe
  }
  return last
}

for (let i = 0; i < 40; i++) {
  const trial = await study.ask(crossover)
  if (trial.answer) await study.tell(trial, trial.answer)
  else {
    try {
      await study.tell(trial, sharpe(trial))
    } catch (error) {
      if (!(error instanceof TrialPruned)) throw error
      await study.tell(trial, { state: 'pruned' })
    }
  }
}

const best = await study.best()
console.log(`best of ${(await study.trials()).length}: #${best?.number}, Sharpe ${best?.value?.toFixed(3)} with`, best?.params)
