import { toInternal } from '../../distributions.ts'
import type { History } from '../../history.ts'
import type { Distribution } from '../../space.ts'
import type { TrialRecord } from '../../trial.ts'
import { stateCodes } from '../../trial-log.ts'
import type { Arena } from './arena.ts'
import { type Dimension, dimensionOf, toKernelScale } from './dimension.ts'
import type { Observed } from './kernels.ts'
import type { Outcomes } from './split.ts'

/** The two groups that TPE compares, each with all parameters of the space. */
export interface Groups {
  readonly below: readonly Observed[]
  readonly above: readonly Observed[]
}

const isBelow = 1
const isAbove = 2

/**
 * The observations of those trials that have all parameters of the space: the best ones below, the others and the running ones above
 * (constant liar: whatever runs is taken for bad, so that parallel trials keep apart).
 */
export function groupsOf(
  history: History,
  outcomes: Outcomes,
  space: readonly (readonly [name: string, distribution: Distribution])[],
  best: readonly number[],
  running: readonly TrialRecord[],
  arena: Arena
): Groups {
  const names = space.map(([name]) => name)
  const lying = running.filter(({ distributions }) => names.every(name => Object.hasOwn(distributions, name)))
  const last = Math.max(outcomes.numbers.at(-1) ?? -1, ...lying.map(({ number }) => number))
  const group = new Uint8Array(last + 1)
  for (let i = 0; i < outcomes.numbers.length; i++)
    if (outcomes.states[i] !== stateCodes.failed) group[outcomes.numbers[i] as number] = isAbove
  for (const number of best) group[number] = isBelow
  for (const { number } of lying) group[number] = isAbove

  const columns = names.map(name => history.column(name))
  if (names.length > 1 || columns.some(({ numbers }) => numbers.length !== outcomes.numbers.length)) keepComplete(group, columns, lying)

  // The place of each trial within its group, by number.
  const places = arena.ints(last + 1)
  const counts = [0, 0, 0]
  for (let number = 0; number <= last; number++) {
    const of = group[number] as number
    if (of === 0) continue
    places[number] = counts[of] as number
    counts[of] = (counts[of] as number) + 1
  }
  const observed = space.map(([name, distribution], index) => {
    const column = columns[index] as (typeof columns)[number]
    return fill(dimensionOf(distribution), column, group, places, counts, liesOf(name, distribution, lying), arena)
  })
  return { below: observed.map(({ below }) => below), above: observed.map(({ above }) => above) }
}

/** Leaves out trials that lack a parameter. */
function keepComplete(group: Uint8Array, columns: readonly { readonly numbers: Int32Array }[], lying: readonly TrialRecord[]): void {
  const has = new Uint16Array(group.length)
  for (const { numbers } of columns)
    for (let i = 0; i < numbers.length; i++) has[numbers[i] as number] = (has[numbers[i] as number] as number) + 1
  for (const { number } of lying) has[number] = columns.length
  for (let number = 0; number < group.length; number++) if (has[number] !== columns.length) group[number] = 0
}

interface Lie {
  readonly number: number
  readonly value: number
}

function liesOf(name: string, distribution: Distribution, lying: readonly TrialRecord[]): readonly Lie[] {
  return lying.map(({ number, params, distributions }) => {
    const own = distributions[name] as Distribution
    return { number, value: toInternal(own.kind === distribution.kind ? own : distribution, params[name] as never) }
  })
}

/** One parameter's observations in both groups, on the kernels' scale, with the order that sorts them. */
function fill(
  dimension: Dimension,
  { numbers, values, sorted }: ReturnType<History['column']>,
  group: Uint8Array,
  places: Int32Array,
  counts: readonly number[],
  lies: readonly Lie[],
  arena: Arena
): { readonly below: Observed; readonly above: Observed } {
  const above = start(dimension, counts[isAbove] as number, arena)
  const below = start(dimension, counts[isBelow] as number, arena)
  const log = dimension.kind === 'numerical' && dimension.log
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number
    const of = group[number] as number
    if (of === 0) continue
    const value = values[i] as number
    const into = of === isBelow ? below.values : above.values
    into[places[number] as number] = log ? Math.log(value) : value
  }
  for (const { number, value } of lies) above.values[places[number] as number] = toKernelScale(dimension, value)
  if (dimension.kind === 'categorical') return { below, above }
  let belowCount = 0
  let aboveCount = 0
  for (let i = 0; i < sorted.length; i++) {
    const number = numbers[sorted[i] as number] as number
    const of = group[number]
    if (of === isBelow) below.order[belowCount++] = places[number] as number
    else if (of === isAbove) above.order[aboveCount++] = places[number] as number
  }
  for (const { number } of lies) aboveCount = insert(above.order, aboveCount, places[number] as number, above.values)
  return { below, above }
}

interface Filled extends Observed {
  readonly order: Int32Array
}

function start(dimension: Dimension, count: number, arena: Arena): Filled {
  return { dimension, values: arena.floats(count), order: arena.ints(dimension.kind === 'categorical' ? 0 : count) }
}

/** Puts one more place into a sorted order; returns how many there are. */
function insert(order: Int32Array, count: number, place: number, values: Float64Array): number {
  const value = values[place] as number
  let at = count
  while (at > 0) {
    const before = order[at - 1] as number
    if ((values[before] as number) < value || (values[before] === value && before < place)) break
    order[at] = before
    at--
  }
  order[at] = place
  return count + 1
}
