import { StudyError } from '@rxtuna/core'

/** The sentences of this package. The code is API, the wording is not. */
const sentences = {
  DEDUP_OPTION: (name: string, expected: string, value: unknown) => `Expected ${expected} as \`${name}\` of dedup(), got ${String(value)}.`,
  DEDUP_SCOPE: (name: string, value: unknown) =>
    `Expected a string or a finite number for "${name}" in the scope of dedup(), got ${String(value)}. Put in what the outcome depends on, such as the data's version.`,
  DEDUP_VERSION: (version: string, why: string) =>
    `Expected to read the module that \`version\` names, ${version}, got: ${why}. Pass import.meta.url, or a text that you change with the code.`,
  SPACE_EXHAUSTED: (draws: number) =>
    `Expected params that were not tried before, got ${draws} repeats one after another: nothing is left to try.`
} as const

type Code = keyof typeof sentences

/** An error of this package with its sentence. */
export function dedupError<C extends Code>(code: C, ...args: Parameters<(typeof sentences)[C]>): StudyError {
  const sentence = sentences[code] as (...of: Parameters<(typeof sentences)[C]>) => string
  return new StudyError(code, sentence(...args))
}
