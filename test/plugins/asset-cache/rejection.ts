import { expect } from 'chai'

/** What a promise rejects with; a promise that resolves fails the test. */
export function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => expect.fail('expected a rejection'),
    error => error
  )
}
