import { problem } from './errors.ts'

/** The limit in whole bytes, if it is one. */
export function checkBytes(maxBytes: number): number {
  if (!(maxBytes >= 1 && maxBytes <= Number.MAX_SAFE_INTEGER)) throw problem('MAX_BYTES', maxBytes)
  return Math.floor(maxBytes)
}
