import { StudyError } from '@rxtuna/core'

/** The sentences of this package. The code is API, the wording is not. */
const sentences = {
  CACHING_VARIABLE: (name: string, expected: string, value: string) =>
    `Expected ${expected} in the environment variable ${name}, got "${value}". Correct it, or unset it for the default.`,
  ADVISE_STATS: () => 'Expected the statistics of a cache, such as caches.data.stats(), got something else.',
  CACHING_OPTION: (name: string, expected: string, value: unknown) =>
    `Expected ${expected} as \`${name}\` of caching(), got ${typeof value === 'string' ? JSON.stringify(value) : String(value)}.`
} as const

type Code = keyof typeof sentences

/** An error of this package with its sentence. */
export function presetError<C extends Code>(code: C, ...args: Parameters<(typeof sentences)[C]>): StudyError {
  const sentence = sentences[code] as (...of: Parameters<(typeof sentences)[C]>) => string
  return new StudyError(code, sentence(...args))
}
