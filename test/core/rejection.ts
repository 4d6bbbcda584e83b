import { StudyError } from '@rxtuna/core'
import { expect } from 'chai'

/** What a promise rejects with. */
export const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => expect.fail('expected a rejection'),
    (error: unknown) => error
  )

/** The code of the `StudyError` that a promise rejects with, else what it rejects with. */
export async function rejectedCode(promise: Promise<unknown>): Promise<unknown> {
  return codeOf(await rejection(promise))
}

/** The code of the `StudyError` that a function throws, else what it throws. */
export function thrownCode(work: () => unknown): unknown {
  let thrown: unknown
  try {
    work()
  } catch (error) {
    thrown = error
    return codeOf(thrown)
  }
  return expect.fail('expected an error')
}

function codeOf(error: unknown): unknown {
  return error instanceof StudyError ? error.code : error
}
