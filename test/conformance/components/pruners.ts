import { HistoryView } from '../../../core/src/history-view.ts'
import type { Direction } from '../../../core/src/objective.ts'
import { pruners as product } from '../../../core/src/pruners/index.ts'
import type { Pruner } from '../../../core/src/pruners/pruner.ts'
import { TrialLog } from '../../../core/src/trial-log.ts'
import { type Components, component } from '../component.ts'
import { recordOf, type TrialJson } from '../json.ts'

interface Pruning {
  readonly pruner: string
  readonly args: Readonly<Record<string, number>>
  readonly direction: string
  readonly trials: readonly TrialJson[]
}

export const pruners: Components = {
  pruners_simple: component<Pruning>({
    answer({ pruner: name, args, direction, trials }) {
      const pruner = prunerOf(name, args)
      const log = new TrialLog([direction.toLowerCase() as Direction])
      const records = trials.map(trial => recordOf(trial))
      for (const record of records) log.add(record)
      const last = records.at(-1)
      if (!pruner || !last) throw new Error(`Expected a pruner and a trial, got ${name}.`)
      const history = new HistoryView('vectors', log, 0, last.number, 0, { params: true, attributes: [] })
      const decision = pruner.shouldPrune(last, history)
      return typeof decision === 'boolean' ? decision : decision.prune
    },
    skip: ({ pruner, args }) => (prunerOf(pruner, args) ? undefined : `${pruner} is not built yet`)
  })
}

function prunerOf(name: string, args: Pruning['args']): Pruner | undefined {
  const {
    n_startup_trials: startupTrials = 5,
    n_warmup_steps: warmupSteps = 0,
    interval_steps: interval = 1,
    n_min_trials: minTrials = 1
  } = args
  const options = { startupTrials, warmupSteps, interval, minTrials }
  if (name === 'NopPruner') return product.none()
  if (name === 'MedianPruner') return product.median(options)
  return name === 'PercentilePruner' ? product.percentile(args.percentile as number, options) : undefined
}
