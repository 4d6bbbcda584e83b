import { Column } from '../../column.ts'
import { toInternal } from '../../distributions.ts'
import type { History, HistoryColumn } from '../../history.ts'
import type { Distribution } from '../../space.ts'
import type { Densities } from './best-candidate.ts'
import { type Dimension, dimensionOf } from './dimension.ts'
import { Group, groupOf, type Lie } from './group.ts'
import { KeptMixture } from './kept-mixture.ts'
import { Mixture } from './mixture.ts'

export type Entries = readonly (readonly [name: string, distribution: Distribution])[]
/** The two densities that TPE compares. */
export interface Models {
  readonly below: Mixture
  readonly above: Densities
}

interface Kept {
  readonly mixture: KeptMixture
  rows: number
  readonly moves: number
}
const mostKept = 16

/** Models the trials of one study after another; what can be kept from draw to draw is kept by column. */
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
    const whole = columns.length === 1 || columns.every(({ numbers }) => numbers.length === ranked)
    const shared = whole ? columns : complete(columns)
    const { numbers } = shared[0] as HistoryColumn
    const rows = numbers.length
    const good = best.map(number => rowOf(numbers, number)).filter(row => row >= 0)
    const below = new Mixture(
      groupOf(shared.map(({ values }, d) => ({ dimension: dimensions[d] as Dimension, values: good.map(row => values[row] as number) })))
    )
    if (whole) {
      const kept = this.#keptFor(columns, dimensions, space)
      kept.mixture.begin({ columns: columns.map(({ whole: each }) => each), rows, good, lies })
      try {
        return use({ below, above: kept.mixture })
      } finally {
        kept.mixture.end()
      }
    }
    const excluded = new Uint8Array(rows)
    for (const row of good) excluded[row] = 1
    const observed = shared.map(({ values, whole: { sorted } }, d) => ({ dimension: dimensions[d] as Dimension, values, sorted }))
    return use({ below, above: new Mixture(new Group(observed, { numbers, rows, excluded, count: rows - good.length, lies })) })
  }

  #keptFor(columns: readonly HistoryColumn[], dimensions: readonly Dimension[], space: Entries): Kept {
    const { whole, numbers } = columns[0] as HistoryColumn
    const rows = numbers.length
    let moves = 0
    for (const column of columns) moves += column.whole.moves
    let bySpace = this.#kept.get(whole.source)
    if (!bySpace) {
      bySpace = new Map()
      this.#kept.set(whole.source, bySpace)
    }
    const key = JSON.stringify([space.map(([name]) => name), dimensions])
    let kept = bySpace.get(key)
    // Rows that moved, or a view of fewer ones, begin anew.
    if (!kept || kept.moves !== moves || kept.rows > rows) {
      kept = { mixture: new KeptMixture(dimensions), rows, moves }
      const [oldest] = bySpace.keys()
      if (oldest !== undefined && bySpace.size >= mostKept) bySpace.delete(oldest)
      bySpace.set(key, kept)
    }
    kept.rows = rows
    return kept
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
    const whole = { numbers: column.numbers, values: column.lane(), sorted: column.sorted(), source: column, moves: 0 }
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
