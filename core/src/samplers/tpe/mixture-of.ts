import { Column, wholeColumn } from '../../column.ts'
import type { Dimension } from './dimension.ts'
import type { KernelOptions } from './lane.ts'
import { Mixture } from './mixture.ts'
import type { Weights } from './weights.ts'

/** A mixture of these observations alone: for each parameter its values in internal form, from the oldest trial to the newest. */
export function mixtureOf(
  parameters: readonly { readonly dimension: Dimension; readonly values: ArrayLike<number> }[],
  options?: KernelOptions,
  weights?: Weights
): Mixture {
  const columns = parameters.map(({ values }) => {
    const column = new Column()
    for (let row = 0; row < values.length; row++) column.push(row, values[row] as number)
    return wholeColumn(column)
  })
  const mixture = new Mixture(
    parameters.map(({ dimension }) => dimension),
    options
  )
  return mixture.begin({ columns, rows: columns[0]?.numbers.length ?? 0 }, weights)
}
