import { StudyError } from '@rxtuna/core'

/** The sentence of every code. The code is API, the wording is not. */
const sentences = {
  MAX_REPORTS: (value: unknown) =>
    `Expected a whole number >= 0 as \`maxReports\`, got ${String(value)}. 0 leaves reports out of the spans.`
} as const

/** The error of a code: its sentence filled in. */
export function problem<K extends keyof typeof sentences>(code: K, ...of: Parameters<(typeof sentences)[K]>): StudyError {
  // A table of functions of different parameters: the code picks both the function and what it takes.
  return new StudyError(code, (sentences[code] as (...of: readonly unknown[]) => string)(...of))
}
