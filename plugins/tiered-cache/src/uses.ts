import type { Statements } from './statements.ts'

/** What was used since the last write: per entry how often and when last, and which backtests used it. */
export interface Uses {
  readonly accesses: ReadonlyMap<string, { readonly count: number; readonly at: number }>
  readonly links: readonly Link[]
}

/** A backtest that used an entry. */
export interface Link {
  readonly key: string
  readonly backtestId: string
}

/** Writes uses, inside a transaction; those of entries that are gone are left out. `at` is in Unix seconds. */
export function writeUses({ access, link }: Statements, { accesses, links }: Uses, at: number): void {
  for (const [key, use] of accesses) access.run(use.count, use.at, key)
  for (const { key, backtestId } of links) link.run(backtestId, at, key)
}
