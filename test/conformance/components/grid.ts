import { gridPoints, gridProgress } from '../../../core/src/samplers/grid.ts'
import { categorical, type ParamValue } from '../../../core/src/space.ts'
import { trialRecord } from '../../../core/src/trial.ts'
import { type Components, component } from '../component.ts'
import { stateOf } from '../json.ts'

interface Grid {
  readonly search_space: readonly (readonly [name: string, values: readonly ParamValue[]])[]
  readonly trials: readonly { readonly state: string; readonly grid_id: number; readonly same_search_space: boolean }[]
}

export const grid: Components = {
  grid: component<Grid>({
    answer({ search_space, trials }) {
      const points = gridPoints(Object.fromEntries(search_space.map(([name, values]) => [name, categorical(values)])))
      const records = trials.map(({ state, grid_id, same_search_space }, number) =>
        trialRecord({
          number,
          state: stateOf(state),
          values: [],
          params: {},
          distributions: {},
          reports: [],
          attributes: {},
          systemAttributes: { grid_id, search_space: same_search_space ? points.described : { another: [1] } }
        })
      )
      const { finished, running } = gridProgress(records, points.pointOf)
      const ids = Array.from({ length: points.count }, (_, id) => id)
      const open = ids.filter(id => !finished.has(id))
      const free = open.filter(id => !running.has(id))
      return {
        param_names: points.names,
        product: ids.map(id => Object.values(points.paramsOf(id))),
        // Optuna gives running points out again when there are no others; here the grid is then exhausted for new trials.
        unvisited: free.length > 0 ? free : open,
        exhausted: open.length === 0
      }
    },
    without: { shuffled: "the order is NumPy's shuffle there, and our own here" }
  })
}
