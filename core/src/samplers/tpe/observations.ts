import { Column, rowOf, wholeColumn } from '../../column.ts'
import { equalDistributions, toInternal } from '../../distributions.ts'
import type { History, HistoryColumn } from '../../history.ts'
import type { Distribution } from '../../space.ts'
import { type Dimension, dimensionOf } from './dimension.ts'
import { type Lie, Mixture } from './mixture.ts'
import { mixtureOf } from './mixture-of.ts'

export type Entries = readonly (readonly [name: string, distribution: Distribution])[]
/** The two densities that TPE compares. */
export interface Models {
  readonly below: Mixture
  readonly above: Mixture
}

/** What is kept of a space from draw to draw. */
interface Kept {
  readonly sources: readonly object[]
  readonly distributions: readonly Distribution[]
  readonly dimensions: readonly Dimension[]
  /** Of the trials with these numbers. */
  below?: { readonly mixture: Mixture; readonly numbers: readonly number[] }
  above?: Mixture
}
const mostKept = 16

/** Models the trials of studies; what can be kept from draw to draw is kept by column. */
export class Observations {
  readonly #kept = new WeakMap<object, Kept[]>()

  /**
   * Calls `use` with the densities of those trials that have all parameters of the space: the best ones below, the others and, as `lies`, the running
   * ones above (constant liar: whatever runs is taken for bad, so that parallel trials keep apart). `ranked` counts complete and pruned trials.
   */
  model<T>(history: History, space: Entries, best: readonly number[], ranked: number, lies: readonly Lie[], use: (models: Models) => T): T {
    const columns = space.map(([name]) => history.column(name))
    const kept = this.#of(space, columns)
    // A column that has all ranked trials has the same ones as any other such column.
    const areSame = columns.length === 1 || columns.every(({ numbers }) => numbers.length === ranked)
    const shared = areSame ? columns : complete(columns)
    const { numbers } = shared[0] as HistoryColumn
    const good = best.map(number => rowOf(numbers, number)).filter(row => row >= 0)
    const below = belowOf(kept, shared, good)
    const above = areSame ? aboveOf(kept, numbers.length) : new Mixture(kept.dimensions)
    above.begin({ columns: shared.map(({ whole }) => whole), rows: numbers.length, without: good, lies })
    try {
      return use({ below, above })
    } finally {
      above.end()
    }
  }

  #of(space: Entries, columns: readonly HistoryColumn[]): Kept {
    const { source } = (columns[0] as HistoryColumn).whole
    const spaces = this.#kept.get(source) ?? []
    this.#kept.set(source, spaces)
    const isSame = ({ sources, distributions }: Kept): boolean =>
      sources.length === columns.length &&
      columns.every(({ whole }, d) => whole.source === sources[d]) &&
      space.every(([, distribution], d) => equalDistributions(distribution, distributions[d] as Distribution))
    const known = spaces.find(isSame)
    if (known) return known
    const distributions = space.map(([, distribution]) => distribution)
    const kept: Kept = { sources: columns.map(({ whole }) => whole.source), distributions, dimensions: distributions.map(dimensionOf) }
    if (spaces.push(kept) > mostKept) spaces.shift()
    return kept
  }
}

/** Between two draws the good trials are mostly the same. */
function belowOf(kept: Kept, columns: readonly HistoryColumn[], good: readonly number[]): Mixture {
  const all = (columns[0] as HistoryColumn).numbers
  const { below, dimensions } = kept
  if (below && below.numbers.length === good.length && good.every((row, i) => all[row] === below.numbers[i])) return below.mixture
  const mixture = mixtureOf(
    dimensions.map((dimension, d) => ({ dimension, values: good.map(row => (columns[d] as HistoryColumn).values[row] as number) }))
  )
  kept.below = { mixture, numbers: good.map(row => all[row] as number) }
  return mixture
}

/** A view of fewer rows begins anew. */
function aboveOf(kept: Kept, rows: number): Mixture {
  if (!kept.above || kept.above.rows > rows) kept.above = new Mixture(kept.dimensions)
  return kept.above
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
    // A value of Python's may have no place on this scale.
    if (values.every(value => !Number.isNaN(value))) lies.push({ number, values })
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
