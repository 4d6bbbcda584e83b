import { StudyError } from '@rxtuna/core/errors'

const list = (names: readonly string[]): string => (names.length > 0 ? names.map(name => `"${name}"`).join(', ') : 'none')

/** The sentence of every code. The code is API, the wording is not. */
const sentences = {
  MAX_BYTES: (value: unknown) => `Expected a number of bytes greater than 0 as \`maxBytes\`, got ${show(value)}.`,
  ISOLATION: (value: unknown) => `Expected 'types', 'verify' or 'copy' as \`isolation\`, got ${show(value)}.`,
  DATA_CACHE_CLOSED: (name: string) => `Expected an open cache, got "${name}", which is closed. Open another one.`,
  REQUEST_NAME: (field: string, value: unknown) =>
    `Expected a string with at least one character as \`${field}\` of a request, got ${show(value)}.`,
  REQUEST_LIST: (field: string, value: unknown) => `Expected at least one column name as \`${field}\` of a request, got ${show(value)}.`,
  WINDOW_BOUND: (field: string, value: unknown) =>
    `Expected a number as \`${field}\` of a window, got ${show(value)}. Dates count in milliseconds since 1970: date.getTime().`,
  WINDOW_EMPTY: (from: number, to: number) => `Expected a window with \`from\` <= \`to\`, got ${from} > ${to}. Swap the bounds?`,
  DATASET_CHANGES: (dataset: string, times: number) =>
    `Expected the dataset "${dataset}" to stay what it is while it is loaded, but its version changed in each of ${times} loads. Try again when it is no longer written.`,
  TABLE_SHAPE: (value: unknown) => `Expected the load to give an Arrow table, got ${show(value)}.`,
  COLUMN_MISSING: (column: string, columns: readonly string[]) =>
    `Expected a column "${column}" in the table, got a table with the columns ${list(columns)}.`,
  COLUMN_NULLS: (column: string, count: number) =>
    `Expected no nulls in the column "${column}", got ${count}. Fill or drop those rows before they are cached.`,
  COLUMN_TYPE: (column: string, type: string) =>
    `Expected integers, floats, booleans, dates or timestamps in the column "${column}", got ${type}. Cast it before it is cached.`,
  KEY_TYPE: (column: string, type: string) =>
    `Expected text, plain or dictionary-encoded, in the grouping column "${column}", got ${type}. Cast it to text.`,
  INTEGER_TOO_LARGE: (column: string, value: bigint) =>
    `Expected integers up to 2^53 − 1 in the column "${column}", got ${value}, which a double cannot hold. Cast the column to floats if it may be rounded.`,
  TIME_TOO_FINE: (column: string, value: bigint) =>
    `Expected whole microseconds in the column "${column}", got ${value} ns, which a double cannot hold. Cast the column to microseconds.`,
  DERIVED_NAME: (name: unknown, columns: readonly string[]) =>
    `Expected a new column's name, other than ${list(columns)}, got ${show(name)}. Give the derived column a name of its own.`,
  DERIVED_COMPUTE: (name: string, value: unknown) =>
    `Expected a function whose text computes "${name}" for a group, got ${typeof value === 'function' ? 'a bound or native one' : show(value)}. Its params may hold what it is bound to.`,
  DERIVED_PARAMS: (name: string) =>
    `Expected params that JSON can hold for the derived column "${name}", got others. Use plain objects, arrays, texts and numbers.`,
  DERIVED_LENGTH: (name: string, group: string, expected: number, got: unknown) =>
    `Expected ${expected} numbers for the derived column "${name}" of the group "${group}", one per row, got ${show(got)}.`,
  DERIVE_ELSEWHERE: () =>
    'Expected to derive in the thread that has the cache, got data that was transferred from there. Derive first, then transfer.',
  NOT_SHARED: () => 'Expected data in shared memory to transfer, got memory of this thread alone. Open the cache with shared: true.',
  HANDLE_SHAPE: (value: unknown) => `Expected what \`transfer()\` returned, got ${show(value)}.`,
  STAGES_NONE: () => 'Expected at least one step, got none.',
  STAGE_SHAPE: (step: string, value: unknown) => `Expected a function as the step "${step}", got ${show(value)}.`,
  STAGE_WRITE: (step: string, name: string) =>
    `Expected the step "${step}" to leave its params as they are, got a change of "${name}". Make a copy: { ...params }.`,
  STAGE_LATE_READ: (step: string, path: string) =>
    `Expected the step "${step}" to read its params before it ends, got a read of "${path}" afterwards. Return the value, not the params.`,
  VERSIONS: (value: unknown) => `Expected 'run' or 'access' as \`versions\`, got ${show(value)}.`,
  STAGES_SHAPE: (value: unknown) => `Expected an object of steps by name, got ${show(value)}.`,
  GROUPS_WRITE: () => 'Expected grouped data to stay as it is, because others read it, got a change of its groups. Make a Map of your own.',
  STAGE_PARAMS: (path: string, value: string) =>
    `Expected params of plain values, objects and arrays, got ${value} at "${path}". Give the values themselves.`,
  STAGE_WROTE: (step: string) =>
    `Expected the step "${step}" to leave what it is handed as it is, because other params need it too, got a change. Make a copy first.`,
  NO_ORDER: () => 'Expected a request with a `window` for `between`, got one without. Name the column to cut by: window: { column }.',
  NOT_ASCENDING: (column: string, group: string) =>
    `Expected ascending values in "${column}" to cut the group "${group}", got a row that is not. Sort the table by "${column}" before it is cached.`
} as const

/** The error of a code: its sentence filled in. */
export function problem<K extends keyof typeof sentences>(code: K, ...of: Parameters<(typeof sentences)[K]>): StudyError {
  // A table of functions of different parameters: the code picks both the function and what it takes.
  return new StudyError(code, (sentences[code] as (...of: readonly unknown[]) => string)(...of))
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'a function'
  if (value instanceof Promise) return 'a promise'
  if (value instanceof Date) return 'a date'
  if (typeof value === 'object' && value !== null) return `an object with the keys ${Object.keys(value).slice(0, 6).join(', ') || '(none)'}`
  return String(value)
}
