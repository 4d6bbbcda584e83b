import { Column } from './column.ts'
import { equalDistributions, toInternal } from './distributions.ts'
import { KnownDistributions } from './known-distributions.ts'
import type { Direction } from './objective.ts'
import { ParetoFront } from './pareto-front.ts'
import type { ParamValue, SpaceTable } from './space.ts'
import { isFeasible, type TrialRecord, violation } from './trial.ts'

/** Codes of finished states in columns. */
export const stateCodes = { complete: 1, pruned: 2, failed: 3 } as const

/** The intersection of search spaces after so many finished trials. */
interface SpaceChange {
  readonly finished: number
  readonly table: Record<string, SpaceTable[string]>
}

/**
 * What this process knows of a study's trials: their records by number, and columns over the finished ones in the order in which they became
 * known. Columns are filled when they are read, from where they stopped; nothing is copied per trial.
 */
export class TrialLog {
  readonly directions: readonly Direction[]
  readonly distributions: KnownDistributions = new KnownDistributions()
  readonly #records: (TrialRecord | undefined)[] = []
  readonly #finished: TrialRecord[] = []
  readonly #params = new Map<string, Column>()
  readonly #reports = new Map<number, Column>()
  readonly #outcomes = new Column(4)
  readonly #unfinished = new Set<number>()
  readonly #spaces: Record<'complete' | 'pruned', { upTo: number; changes: SpaceChange[] }> = {
    complete: { upTo: 0, changes: [] },
    pruned: { upTo: 0, changes: [] }
  }
  #reported = 0
  #best: TrialRecord | undefined
  readonly #front: ParetoFront
  /** The numbers of finished trials only grew, so a prefix by number is a prefix by position. */
  inOrder = true

  constructor(directions: readonly Direction[]) {
    this.directions = directions
    this.#front = new ParetoFront(directions)
  }

  /** One more than the highest number known. */
  get next(): number {
    return this.#records.length
  }

  get finished(): readonly TrialRecord[] {
    return this.#finished
  }

  get best(): TrialRecord | undefined {
    return this.#best
  }

  get(number: number): TrialRecord | undefined {
    return this.#records[number]
  }

  /** Every record in the order of numbers. */
  *records(): IterableIterator<TrialRecord> {
    for (const record of this.#records) if (record !== undefined) yield record
  }

  /** A number that is taken by a trial of which nothing more is known yet. */
  reserve(number: number): void {
    if (number >= this.#records.length) this.#records.length = number + 1
  }

  /** Adds or renews a record; a finished one stands. Returns whether it is better than all before. */
  add(record: TrialRecord): boolean {
    const { number, state } = record
    const before = this.#records[number]
    if (before !== undefined && before.state !== 'running' && before.state !== 'waiting') return false
    this.#records[number] = record
    this.distributions.learn(record.distributions)
    if (state === 'running' || state === 'waiting') {
      this.#unfinished.add(number)
      return false
    }
    this.#unfinished.delete(number)
    const last = this.#finished.at(-1)
    if (last !== undefined && last.number > number) this.inOrder = false
    this.#finished.push(record)
    return this.#improves(record)
  }

  /** One parameter of the complete and pruned trials that have it; values in internal form. */
  param(name: string): Column {
    let column = this.#params.get(name)
    if (!column) {
      column = new Column()
      this.#params.set(name, column)
    }
    for (; column.upTo < this.#finished.length; column.upTo++) {
      const record = this.#finished[column.upTo] as TrialRecord
      if (record.state === 'failed') continue
      const distribution = Object.hasOwn(record.distributions, name) ? record.distributions[name] : undefined
      const value = distribution ? toInternal(distribution, record.params[name] as ParamValue) : Number.NaN
      if (!Number.isNaN(value)) column.push(record.number, value)
    }
    return column
  }

  /** What complete trials that were evaluated reported at a step. */
  reports(step: number): Column {
    for (; this.#reported < this.#finished.length; this.#reported++) {
      const record = this.#finished[this.#reported] as TrialRecord
      if (record.state !== 'complete' || record.reusedFrom !== undefined) continue
      this.#evaluated.push(record.number, 0)
      for (const report of record.reports) this.#step(report.step).push(record.number, report.value)
    }
    return this.#step(step)
  }

  /** Complete trials that were evaluated. */
  evaluated(): Column {
    this.reports(0)
    return this.#evaluated
  }
  readonly #evaluated = new Column()

  #step(step: number): Column {
    let column = this.#reports.get(step)
    if (!column) {
      column = new Column()
      this.#reports.set(step, column)
    }
    return column
  }

  /** All finished trials: first values (NaN where there is none), codes of states, sums of violated constraints, last reported steps (−1 where there is none). */
  outcomes(): Column {
    const column = this.#outcomes
    for (; column.upTo < this.#finished.length; column.upTo++) {
      const { number, values, state, constraints, reports } = this.#finished[column.upTo] as TrialRecord
      let last = -1
      for (const { step } of reports) if (step > last) last = step
      column.push(number, values[0] ?? Number.NaN, stateCodes[state as keyof typeof stateCodes], violation(constraints), last)
    }
    return column
  }

  /** Numbers of trials that are known and not finished, in no order. */
  get unfinished(): ReadonlySet<number> {
    return this.#unfinished
  }

  /** The distributions that the first `finished` trials have in common: those of complete, and with `pruned` of pruned trials too. */
  space(pruned: boolean, finished: number = this.#finished.length): SpaceTable {
    const known = this.#spaces[pruned ? 'pruned' : 'complete']
    for (; known.upTo < this.#finished.length; known.upTo++) {
      const record = this.#finished[known.upTo] as TrialRecord
      if (record.state !== 'complete' && !(pruned && record.state === 'pruned')) continue
      const before = known.changes.at(-1)
      const table = before ? intersection(before.table, record.distributions) : sortedTable(record.distributions)
      if (table !== before?.table) known.changes.push({ finished: known.upTo + 1, table })
    }
    return known.changes.findLast(change => change.finished <= finished)?.table ?? {}
  }

  /** The same for trials below a number, whatever the order in which they finished. */
  spaceBelow(pruned: boolean, horizon: number): SpaceTable {
    let table: SpaceChange['table'] | undefined
    for (const record of this.records()) {
      if (record.number >= horizon) break
      if (record.state !== 'complete' && !(pruned && record.state === 'pruned')) continue
      table = table ? intersection(table, record.distributions) : sortedTable(record.distributions)
    }
    return table ?? {}
  }

  #improves(record: TrialRecord): boolean {
    if (record.state !== 'complete' || !isFeasible(record.constraints)) return false
    if (this.directions.length > 1) return this.#front.add(record)
    const best = this.#best
    if (best !== undefined && !isBetter(record, best, this.directions[0] ?? 'minimize')) return false
    const strictly = best === undefined || record.value !== best.value
    this.#best = record
    return strictly
  }

  /** The complete feasible trials that no other one dominates, in the order of numbers. */
  front(): readonly TrialRecord[] {
    return this.#front.records
  }
}

/** Better by value; of equal ones the lower number. */
function isBetter(a: TrialRecord, b: TrialRecord, direction: Direction): boolean {
  const x = a.value as number
  const y = b.value as number
  if (x === y) return a.number < b.number
  return direction === 'maximize' ? x > y : x < y
}

function sortedTable(table: SpaceTable): SpaceChange['table'] {
  return Object.fromEntries(Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The same object when nothing falls away. */
function intersection(table: SpaceChange['table'], other: SpaceTable): SpaceChange['table'] {
  const kept = Object.entries(table).filter(([name, distribution]) => {
    const now = Object.hasOwn(other, name) ? other[name] : undefined
    return now !== undefined && equalDistributions(distribution, now)
  })
  return kept.length === Object.keys(table).length ? table : Object.fromEntries(kept)
}
