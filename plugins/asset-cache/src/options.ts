import { problem } from './errors.ts'

// Memory is set aside for each entry that there may be.
const most = 10_000_000

/** The limit, if it is one. */
export function checkEntries(maxEntries: number): number {
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1 || maxEntries > most) throw problem('MAX_ENTRIES', maxEntries)
  return maxEntries
}

/** The bundle's name, if it is one. */
export function checkName(name: string): string {
  if (typeof name !== 'string' || name === '') throw problem('BUNDLE_NAME', name)
  return name
}

/** The bundle's version, if it is one. */
export function checkVersion(name: string, version: string): string {
  if (typeof version !== 'string' || version === '') throw problem('BUNDLE_VERSION', name, version)
  return version
}
