import { StudyError } from '@rxtuna/core'

/** The sentences of this package. The code is API, the wording is not. */
const sentences = {
  DEDUP_OPTION: (name: string, expected: string, value: unknown) => `Expected ${expected} as \`${name}\` of dedup(), got ${show(value)}.`,
  DEDUP_SCOPE: (name: string, value: unknown) =>
    `Expected a string or a finite number for "${name}" in the scope of dedup(), got ${show(value)}. Put in what the outcome depends on, such as the data's version.`,
  DEDUP_CODE: (name: string) =>
    `Expected \`${name}\` to be a function whose source text can be read, got a bound or native one. Wrap it in a function of your own, or set \`version\`.`,
  DEDUP_VERSION: (version: string, why: string) =>
    `Expected to read the module that \`version\` names, ${version}, got: ${why}. Pass import.meta.url, or a text that you change with the code.`,
  GUARD_PATH: (path: unknown) => `Expected the path of a file for the SQLite guard, got ${show(path)}. Its directory must exist.`,
  SIGNATURE: (signature: unknown) =>
    `Expected a signature of 64 hexadecimal digits, got ${show(signature)}. Make one with paramSignature().`,
  SIGNATURE_DECIMALS: (decimals: unknown) =>
    `Expected a whole number from 0 to 100 as \`decimals\`, got ${show(decimals)}. Leave it out to compare numbers exactly.`,
  SIGNATURE_SCOPE: (value: unknown) =>
    `Expected a JSON value in the scope of a signature, got ${show(value)}. Put in strings, finite numbers, booleans, null, arrays and plain objects.`,
  SPACE_EXHAUSTED: (draws: number) =>
    `Expected params that were not tried before, got ${draws} repeats one after another: nothing is left to try.`
} as const

type Code = keyof typeof sentences

/** An error of this package with its sentence. */
export function dedupError<C extends Code>(code: C, ...args: Parameters<(typeof sentences)[C]>): StudyError {
  const sentence = sentences[code] as (...of: Parameters<(typeof sentences)[C]>) => string
  return new StudyError(code, sentence(...args))
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return `an array of ${value.length}`
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
