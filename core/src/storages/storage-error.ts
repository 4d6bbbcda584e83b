import { StudyError, sentences } from '../errors.ts'

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
export function storageError<K extends StorageErrorCode>(code: K, ...values: Parameters<(typeof sentences)[K]>): StudyError {
  // The parameters belong to this code's sentence, which the compiler cannot see for a union of codes.
  const sentence = sentences[code] as (...values: Parameters<(typeof sentences)[K]>) => string
  return new StudyError(code, sentence(...values))
}

/** Throws for values that a complete trial cannot have: NaN, or another number of them than the study has objectives. For storages. */
export function assertValues(values: readonly number[], objectives: number): void {
  if (values.length !== objectives) throw storageError('VALUE_COUNT', objectives, values.length)
  for (const value of values) if (Number.isNaN(value)) throw storageError('VALUE_NAN')
}
