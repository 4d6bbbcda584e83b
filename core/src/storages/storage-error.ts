import { type Of, problem, type StudyError } from '../errors.ts'

/** The codes with which a storage refuses what its contract does not allow. */
export type StorageErrorCode =
  | 'STUDY_EXISTS'
  | 'STUDY_UNKNOWN'
  | 'TRIAL_UNKNOWN'
  | 'TRIAL_NOT_RUNNING'
  | 'VALUE_NAN'
  | 'VALUE_COUNT'
  | 'ATTRIBUTE_VALUE'

/** The error that every storage raises in such a case, so that callers can tell by its code whichever storage it is. For storages. */
export const storageError: <K extends StorageErrorCode>(code: K, ...of: Of<K>) => StudyError = problem

/** Throws for values that a complete trial cannot have: NaN, or another number of them than the study has objectives. For storages. */
export function assertValues(values: readonly number[], objectives: number): void {
  if (values.length !== objectives) throw storageError('VALUE_COUNT', objectives, values.length)
  for (const value of values) if (Number.isNaN(value)) throw storageError('VALUE_NAN')
}
