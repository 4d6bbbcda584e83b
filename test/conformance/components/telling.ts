import { createStudy } from '../../../core/src/create-study.ts'
import type { Direction } from '../../../core/src/objective.ts'
import { memory } from '../../../core/src/storages/memory.ts'
import type { TrialState } from '../../../core/src/trial.ts'
import { type Components, component, outcomeOfCall } from '../component.ts'
import { stateOf } from '../json.ts'

interface Tell {
  readonly n_objectives: number
  readonly values: unknown
  readonly state: string | null
  readonly intermediate: readonly (readonly [number, number])[]
}

const names: Readonly<Record<TrialState, string>> = {
  complete: 'COMPLETE',
  pruned: 'PRUNED',
  failed: 'FAIL',
  running: 'RUNNING',
  waiting: 'WAITING'
}

/** `study.tell(trial, values)` without a state, else `study.tell(trial, outcome)`. */
export const telling: Components = {
  tell: component<Tell>({
    async answer({ n_objectives, values, state, intermediate }) {
      const direction = Array.from({ length: n_objectives }, () => 'minimize' as const) as [Direction, ...Direction[]]
      const storage = memory()
      await using study = await createStudy({ name: 'told', storage, direction: n_objectives === 1 ? 'minimize' : direction })
      await storage.create('told', { state: 'running' })
      await storage.update('told', 0, { reports: intermediate.map(([step, value]) => ({ step, value })) })
      const result = state === null ? values : { state: stateOf(state), ...(values === null ? {} : { value: values }) }
      return outcomeOfCall(async () => {
        const record = await study.tell(0, result as never)
        return { state: names[record.state], values: record.values.length === 0 ? null : record.values }
      })
    }
  })
}
