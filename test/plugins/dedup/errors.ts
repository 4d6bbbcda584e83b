import { StudyError } from '@rxtuna/core'
import { expect } from 'chai'

/** The `StudyError` that a function throws or a promise rejects with. */
export async function failure(work: () => unknown): Promise<StudyError> {
  try {
    await work()
  } catch (error) {
    if (error instanceof StudyError) return error
    throw error
  }
  return expect.fail('expected an error')
}
