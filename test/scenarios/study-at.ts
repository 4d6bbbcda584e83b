import { join } from 'node:path'
import { systemKeys, type TrialRecord } from '@rxtuna/core'
import { sqlite } from '@rxtuna/rdb-storage'

/** Where the program keeps its study, from the directory that it runs in. */
export const databasePath = join('.rxtuna', 'sma-crossover.db')
/** What two runs with one seed have in common: all but the times and the process that did it. */
export type Repeatable = Omit<TrialRecord, 'startedAt' | 'finishedAt'>

/** The trials that lie in a database, in the order of their numbers; none when it has no such study. */
export async function trialsIn(path: string): Promise<readonly TrialRecord[]> {
  await using storage = await sqlite(path)()
  if (!(await storage.studies()).some(({ name }) => name === 'sma-crossover')) return []
  const { trials } = await storage.read('sma-crossover')
  return trials.toSorted((a, b) => a.number - b.number)
}

/** The trials that the program left in a directory. */
export function trialsAt(directory: string): Promise<readonly TrialRecord[]> {
  return trialsIn(join(directory, databasePath))
}

function repeatable({ startedAt: _start, finishedAt: _finish, systemAttributes, ...rest }: TrialRecord): Repeatable {
  const { [systemKeys.worker]: _worker, ...attributes } = systemAttributes
  return { ...rest, systemAttributes: attributes }
}

export async function repeatableAt(directory: string): Promise<readonly Repeatable[]> {
  return (await trialsAt(directory)).map(repeatable)
}
