import { asWorker, type Worker } from '@rxtuna/core/node'

/** The worker that a row of the database names; undefined for anything else. */
export function workerOf(text: string): Worker | undefined {
  try {
    return asWorker(JSON.parse(text))
  } catch {
    return undefined
  }
}
