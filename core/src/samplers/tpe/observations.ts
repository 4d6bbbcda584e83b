import { Column } from '../../column.ts'
import { toInternal } from '../../distributions.ts'
import type { History, HistoryColumn } from '../../history.ts'
import type { Distribution } from '../../space.ts'
import { type Dimension, dimensionOf } from './dimension.ts'
import { type Lie, Mixture, mixtureOf, wholeColumn } from './mixture.ts'

export type Entries = readonly (readonly [name: string, distribution: Distribution])[]
/** The two densities that TPE compares. */
export interface Models {
  readonly below: Mixture
  readonly above: Mixture
}

interface Kept {
  readonly mixture: Mixture
  rows: number
  readonly sources: readonly object[]
  readonly moves: readonly number[]
}
const mostKept = 16

/** Models the trials of studies; what can be kept from draw to draw is kept by column. */
export class Observations {
  readonly #kept = new WeakMap<object, Map<string, Kept>>()

  /**
   * Calls `use` with the densities of those trials that have all parameters of the space: the best ones below, the others and, as `lies`, the running
   * ones above (constant liar: whatever runs is taken for bad, so that parallel trials keep apart). `ranked` counts complete and pruned trials.
   */
  model<T>(history: History, space: Entries, best: readonly number[], ranked: number, lies: readonly Lie[], use: (models: Models) => T): T {
    const dimensions = space.map(([, distribution]) => dimensionOf(distribution))
    const columns = space.map(([name]) => history.column(name))
    // A column that has all ranked trials has the same ones as any other such column.
    const areSame = columns.length === 1 || columns.every(({ numbers }) => numbers.length === ranked)
    const shared = areSame ? columns : complete(columns)
    const { numbers } = shared[0] as HistoryColumn
    const good = best.map(number => rowOf(numbers, number)).filter(row => row >= 0)
    const below = mixtureOf(
      shared.map(({ values }, d) => ({ dimension: dimensions[d] as Dimension, values: good.map(row => values[row] as number) }))
    )
    const above = areSame ? this.#keptFor(columns, dimensions) : new Mixture(dimensions)
    above.begin({ columns: shared.map(({ whole }) => whole), rows: numbers.length, without: good, lies })
    try {
      return use({ below, above })
    } finally {
      above.end()
    }
  }

  #keptFor(columns: readonly HistoryColumn[], dimensions: readonly Dimension[]): Mixture {
    const { whole, numbers } = columns[0] as HistoryColumn
    const rows = numbers.length
    let bySpace = this.#kept.get(whole.source)
    if (!bySpace) {
      bySpace = new Map()
      this.#kept.set(whole.source, bySpace)
    }
    const key = JSON.stringify(dimensions)
    const before = bySpace.get(key)
    // Other columns, rows that moved, or a view of fewer ones begin anew.
    const holds =
      before &&
      before.rows <= rows &&
      columns.every((column, d) => column.whole.source === before.sources[d] && column.whole.moves === before.moves[d])
    if (holds) {
      before.rows = rows
      return before.mixture
    }
    const [oldest] = bySpace.keys()
    if (oldest !== undefined && bySpace.size >= mostKept) bySpace.delete(oldest)
    const mixture = new Mixture(dimensions)
    bySpace.set(key, {
      mixture,
      rows,
      sources: columns.map(column => column.whole.source),
      moves: columns.map(column => column.whole.moves)
    })
    return mixture
  }
}

/** Running trials that have all parameters of the space. */
export function liesOf(history: History, space: Entries): readonly Lie[] {
  const lies: Lie[] = []
  for (const { number, params, distributions } of history.trials('running')) {
    if (!space.every(([name]) => Object.hasOwn(distributions, name))) continue
    const values = space.map(([name, distribution]) => {
      const own = distributions[name] as Distribution
      return toInternal(own.kind === distribution.kind ? own : distribution, params[name] as never)
    })
    lies.push({ number, values })
  }
  return lies
}

/** The same columns with the trials that have all of them, copied. */
function complete(columns: readonly HistoryColumn[]): readonly HistoryColumn[] {
  const has = new Map<number, number>()
  for (const { numbers } of columns) for (const number of numbers) has.set(number, (has.get(number) ?? 0) + 1)
  return columns.map(({ numbers, values }) => {
    const column = new Column()
    for (const [row, number] of numbers.entries()) if (has.get(number) === columns.length) column.push(number, values[row] as number)
    const whole = wholeColumn(column)
    return { numbers: whole.numbers, values: whole.values, whole }
  })
}

function rowOf(numbers: Int32Array, number: number): number {
  let low = 0
  let high = numbers.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const at = numbers[middle] as number
    if (at === number) return middle
    if (at < number) low = middle + 1
    else high = middle - 1
  }
  return -1
}
