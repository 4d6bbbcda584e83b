import type { NewTrial, StudySpec, StudyStorage } from '../storages/storage.ts'
import type { TrialRecord } from '../trial.ts'

/** One sentence of the contract, and how it is checked on a storage that is empty. */
export interface StorageCheck {
  readonly title: string
  /** `second` opens another handle on what `storage` stores; only in checks of a shared storage. */
  check(storage: StudyStorage, second: () => Promise<StudyStorage>): Promise<void>
}

export const spec: StudySpec = { name: 'study', directions: ['minimize'] }

/** A running trial with one parameter. */
export const withX = (x: number): NewTrial => ({
  state: 'running',
  params: { x },
  distributions: { x: { kind: 'float', low: 0, high: 10 } }
})

/** Creates a trial as the next number and gives its record. */
export async function created(storage: StudyStorage, trial: NewTrial = withX(1), study: string = spec.name): Promise<TrialRecord> {
  const record = await storage.create(study, trial)
  if (!record) throw new Error('Expected a record from create() without a number, got undefined.')
  return record
}

/** Every trial that is not waiting, from the beginning. */
export async function readAll(storage: StudyStorage, study: string = spec.name): Promise<readonly TrialRecord[]> {
  return (await storage.read(study)).trials
}

/** The record of one number, as a new reader sees it. */
export async function readOne(storage: StudyStorage, number: number): Promise<TrialRecord> {
  const record = (await readAll(storage)).find(trial => trial.number === number)
  if (!record) throw new Error(`Expected trial ${number} to be read, got none.`)
  return record
}

/** Resolves with the code of the error that a call rejects with; undefined if it does not reject. */
export async function codeOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call
    return undefined
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error
  }
}
