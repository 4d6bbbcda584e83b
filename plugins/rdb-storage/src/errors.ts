import { StudyError } from '@rxtuna/core'

/** The sentence of every code of this package. The code is API, the wording is not. */
const sentences = {
  RDB_PATH: (path: unknown) =>
    `Expected the path of a SQLite file, or ":memory:", got ${JSON.stringify(path) ?? String(path)}. Write for example sqlite('study.db').`,
  RDB_URL: (url: unknown) =>
    `Expected a URL like sqlite:///study.db (relative) or sqlite:////data/study.db (absolute), got ${JSON.stringify(url) ?? String(url)}.`,
  RDB_URL_OPTIONS: (url: string) => `Expected a SQLite URL without options, got "${url}". Leave out what follows the question mark.`,
  RDB_URL_SERVER: (scheme: string) =>
    `Expected a SQLite URL, got one for ${scheme}: PostgreSQL and MySQL follow in a later version. Use sqlite:///study.db until then.`,
  RDB_SCHEMA_VERSION: (path: string, expected: string, got: string) =>
    `Expected version ${expected} of Optuna's tables in ${path}, got ${got}. Run "optuna storage upgrade" if it is older, update this package if it is newer. The file was left as it is.`,
  RDB_OTHER_TABLES: (path: string, table: string) =>
    `Expected an empty database or one of Optuna at ${path}, got a table "${table}" of something else. It was left as it is; choose another path.`,
  PARAM_DISTRIBUTION: (name: string) =>
    `Expected a distribution for the parameter "${name}", got none. Give \`distributions\` the same names as \`params\`.`,
  PARAM_CHOICE: (name: string, value: unknown, choices: string) =>
    `Expected one of the choices ${choices} for "${name}", got ${JSON.stringify(value) ?? String(value)}.`,
  PARAM_NUMBER: (name: string, value: unknown) => `Expected a number for "${name}", got ${JSON.stringify(value) ?? String(value)}.`
} as const

/** The error of a code, with its sentence. */
export function rdbError<K extends keyof typeof sentences>(code: K, ...values: Parameters<(typeof sentences)[K]>): StudyError {
  // The parameters belong to this code's sentence, which the compiler cannot see for a union of codes.
  const sentence = sentences[code] as (...values: Parameters<(typeof sentences)[K]>) => string
  return new StudyError(code, sentence(...values))
}
