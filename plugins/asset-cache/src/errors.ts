import { StudyError } from '@rxtuna/core'

/** The sentence of every code. The code is API, the wording is not. */
const sentences = {
  BUNDLE_NAME: (name: unknown) => `Expected a bundle's name to be a string with at least one character, got ${show(name)}.`,
  BUNDLE_VERSION: (name: string, version: unknown) =>
    `Expected the version of the bundle "${name}" to be a string with at least one character, got ${show(version)}. fileVersion(paths) makes one.`,
  BUNDLE_CHANGES: (name: string, times: number) =>
    `Expected the bundle "${name}" to stay what it is while it is loaded, but its version changed in each of ${times} loads. Try again when it is no longer written.`,
  ASSETS_SHAPE: (name: string, value: unknown) =>
    `Expected the assets of the bundle "${name}" to be an array of strings, got ${show(value)}.`,
  BUNDLE_SHAPE: (value: unknown) => `Expected a bundle { name, version(), assets() }, the last two functions, got ${show(value)}.`,
  BUNDLE_DISPOSE: (name: string, value: unknown) =>
    `Expected the bundle "${name}" to have an asynchronous [Symbol.asyncDispose](), which closes it, got ${show(value)}. Wrap what \`open\` gives.`,
  POOL_SHAPE: (value: unknown) => `Expected \`open\` and \`version\` of a bundle pool to be functions, got ${show(value)}.`,
  ASSET_ACCEPTED: (id: string, asset: string, value: unknown) =>
    `Expected the filter "${id}" to return true or false for "${asset}", got ${show(value)}.`,
  FILES_SHAPE: (value: unknown) => `Expected an array of paths to take a version of, got ${show(value)}. Of one file: fileVersion([path]).`,
  VERSIONS: (value: unknown) => `Expected 'run' or 'access' as \`versions\`, got ${show(value)}.`,
  ASSET_FILTER: (value: unknown) => `Expected a filter { id, accepts } with a text and a function, got ${show(value)}.`,
  MAX_ENTRIES: (value: unknown) => `Expected a whole number from 1 to 10,000,000 as \`maxEntries\`, got ${show(value)}.`,
  ASSET_CACHE_CLOSED: (name: string) => `Expected an open cache, got "${name}", which is closed. Open another one.`,
  FILES_NONE: () => 'Expected at least one path to take a version of, got none.',
  FILE_MISSING: (path: string) => `Expected a file at ${path}, got nothing there. Check the path, or create the file first.`,
  FILE_KIND: (path: string) => `Expected a file at ${path}, got something else. Name the files in a directory one by one.`,
  STORE_PATH: (value: unknown) => `Expected a path as \`store\`, got ${show(value)}.`,
  STORE_FILE: (path: string, message: string) =>
    `Expected a file at ${path} in which versions can be kept, got: ${message}. Give \`store\` a path that can be written.`,
  VERSION_PARTS: () => 'Expected at least one named part to make a version of, got none.',
  VERSION_PART: (part: string, value: unknown) =>
    `Expected texts, finite numbers, booleans, dates, lists and objects in the part "${part}" of a version, got ${show(value)}.`,
  POOL_CLOSE: (count: number) => `Expected all bundles to close, but ${count} threw while they did. \`errors\` holds what they threw.`
} as const

/** The error of a code: its sentence filled in. */
export function problem<K extends keyof typeof sentences>(code: K, ...of: Parameters<(typeof sentences)[K]>): StudyError {
  return new StudyError(code, sentence(code, ...of))
}

/** The sentence of a code, filled in. */
export function sentence<K extends keyof typeof sentences>(code: K, ...of: Parameters<(typeof sentences)[K]>): string {
  // A table of functions of different parameters: the code picks both the function and what it takes.
  return (sentences[code] as (...of: readonly unknown[]) => string)(...of)
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (Array.isArray(value)) {
    const other = value.find(item => typeof item !== 'string')
    return value.length > 0 && other !== undefined ? `an array that holds ${show(other)}` : `an array of ${value.length}`
  }
  if (typeof value === 'function') return 'a function'
  if (value instanceof Promise) return 'a promise'
  if (typeof value === 'object' && value !== null) return `an object with the keys ${Object.keys(value).slice(0, 6).join(', ') || '(none)'}`
  return String(value)
}
