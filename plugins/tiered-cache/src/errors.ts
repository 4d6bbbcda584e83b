import { StudyError } from '@rxtuna/core'

/** The sentence of every code of this package. The code is API, the wording is not. */
const sentences = {
  TIERED_OPTION_DIRECTORY: (value: unknown) => `Expected \`directory\` to be a path with at least one character, got ${show(value)}.`,
  TIERED_OPTION_BYTES: (name: string, value: unknown) =>
    `Expected \`${name}\` to be a whole number of bytes, 0 or more, got ${show(value)}. 1 GB is 1024 ** 3; 0 switches the tier off.`,
  TIERED_OPTION_ONE_OF: (name: string, known: readonly string[], value: unknown) =>
    `Expected \`${name}\` to be ${either(known)}, got ${show(value)}.`,
  TIERED_OPTION_MS: (name: string, value: unknown) => `Expected \`${name}\` to be milliseconds, 0 or more, got ${show(value)}.`,
  TIERED_OPTION_FRESHNESS: (value: unknown) =>
    `Expected \`freshness\` to be a function of a request and the time of its load, got ${show(value)}. Try \`freshness.ttl()\`.`,
  TIERED_FRESHNESS: (value: unknown) =>
    `Expected \`freshness\` to return milliseconds since the epoch, or Infinity, got ${show(value)}. Return the time at which the table goes stale.`,
  TIERED_TTL: (resolution: string, value: unknown) =>
    `Expected the time of tables of the resolution "${resolution}" to be milliseconds, 0 or more, got ${show(value)}.`,
  TIERED_REQUEST: (name: string, expected: string, value: unknown) =>
    `Expected \`${name}\` of a table request to be ${expected}, got ${show(value)}.`,
  TIERED_REQUEST_SHAPE: (value: unknown) =>
    `Expected a table request with symbols, startDate, endDate, resolution and dataSource, got ${show(value)}.`,
  TIERED_REQUEST_FIELD: (name: string) =>
    `Expected the fields symbols, startDate, endDate, resolution, dataSource and extra of a table request, got ${JSON.stringify(name)}. What else makes the table another one belongs into \`extra\`, as texts.`,
  TIERED_LOAD: (value: unknown) => `Expected a function that loads the table, got ${show(value)}.`,
  TIERED_KEY: (value: unknown) => `Expected a key of 1 to 64 letters, digits, "_" or "-", got ${show(value)}. \`key(request)\` makes one.`,
  TIERED_TABLE: (value: unknown) =>
    `Expected an Arrow table, or an object of columns of one length, got ${show(value)}. Columns are typed arrays or arrays of values.`,
  TIERED_LENGTHS: (lengths: string) => `Expected columns of one length, got ${lengths}. Give each column a value, or null, per row.`,
  TIERED_COLUMNS: (name: string, why: string) =>
    `Expected a column "${name}" that Arrow can hold, got: ${why}. Give it values of one type: numbers, bigints, texts, booleans or valid dates, and null.`,
  TIERED_PARQUET: (value: unknown) =>
    `Expected the bytes of a Parquet file as a Uint8Array, got ${show(value)}. \`readFile(path)\` of node:fs/promises gives them.`,
  TIERED_PARQUET_FILE: (why: string) => `Expected the bytes of a Parquet file, got others: ${why}. Is it whole, and of that format?`,
  TIERED_CALENDAR: (value: unknown) =>
    `Expected a calendar with a function \`session\`, got ${show(value)}. \`freshness.sessions(list)\` makes one of { open, close } with two Dates.`,
  TIERED_SESSION: (value: unknown) =>
    `Expected a session with an open and a later close, both valid Dates, got ${show(value)}. Make Dates of what JSON gives as texts.`,
  TIERED_TTLS: (value: unknown) => `Expected milliseconds by resolution, such as { '1d': 3_600_000 }, got ${show(value)}.`,
  TIERED_OPTION_SHAPE: (name: string, expected: string, value: unknown) => `Expected \`${name}\` to be ${expected}, got ${show(value)}.`,
  TIERED_PLUGIN: (value: unknown) => `Expected a cache of \`openTieredCache\`, got ${show(value)}.`,
  TIERED_NO_ROOM: (key: string, bytes: number, maxBytes: number) =>
    `Expected a table whose file fits into \`coldBytes\` (${maxBytes}), got one of ${bytes} bytes for ${key}. It stays in memory alone; raise \`coldBytes\`.`,
  TIERED_BACKTEST: (value: unknown) => `Expected \`backtestId\` to be a text with at least one character, got ${show(value)}.`,
  TIERED_DATE: (name: string, value: unknown) => `Expected \`${name}\` to be a valid Date, got ${show(value)}.`,
  TIERED_CLEAR: (value: unknown) =>
    `Expected \`clear\` to be given { key }, { backtestId } or { olderThan }, got ${show(value)}. Without an argument it clears everything.`,
  TIERED_CLOSED: () => 'Expected an open tiered cache, got one that is closed. Close it after the studies that use it.',
  TIERED_DATASET: (id: number) =>
    `Expected the number of a dataset in the metadata database, got ${id}. Leave \`datasetId\` out to have one made.`,
  TIERED_ENCODE: (key: string, why: string) =>
    `Expected a table that Parquet can hold for ${key}, got: ${why}. It stays in memory and is loaded anew by the next process.`,
  TIERED_THREAD: (why: string) =>
    `Expected a thread that encodes and decodes large tables, got: ${why}. It was done on the main thread, which was blocked; keep parquet-thread.js beside the package's other files.`,
  TIERED_WRITE: (key: string, why: string) =>
    `Expected to write the table ${key} to the cache's directory, got: ${why}. Check its space and permissions; the table stays in memory.`,
  TIERED_READ: (key: string, why: string) =>
    `Expected to read the table ${key} from the cache's directory, got: ${why}. It is loaded anew.`,
  TIERED_METADATA: (path: string, why: string) =>
    `Expected to use the metadata database ${path}, got: ${why}. Tables are loaded all the same; check the path, its space and permissions.`,
  TIERED_METADATA_CORRUPT: (path: string, aside: string) =>
    `Expected a sound metadata database at ${path}, got a damaged one. It was renamed to ${aside} and begun anew; tables are loaded again.`,
  TIERED_METADATA_GONE: (path: string) =>
    `Expected the metadata database at ${path}, got none: it was deleted while it was in use. It was begun anew; tables are loaded again.`,
  TIERED_METADATA_FOREIGN: (path: string) =>
    `Expected the metadata of a tiered cache at ${path}, got another program's database. It was left as it is; choose another \`metadata\` path.`,
  TIERED_METADATA_NEWER: (path: string, version: number, known: number) =>
    `Expected metadata of version ${known} or older at ${path}, got version ${version}. Update @rxtuna/tiered-cache, or choose another directory.`,
  TIERED_REMOVE: (why: string) =>
    `Expected to remove files of entries that left, got: ${why}. They take room until a later opening removes them.`,
  TIERED_COLLECT: (why: string) => `Expected to tidy the cache's directory at opening, got: ${why}. What a dead process left stays there.`
} as const

type Code = keyof typeof sentences

/** An error of this package, its sentence filled in. */
export function failure<C extends Code>(code: C, args: Parameters<(typeof sentences)[C]>, cause?: unknown): StudyError {
  // The table's functions differ in their parameters; `args` is typed by the code, which the union cannot show.
  const sentence = sentences[code] as (...values: readonly unknown[]) => string
  return new StudyError(code, sentence(...args), cause === undefined ? undefined : { cause })
}

/** What an unknown error says. */
export function why(error: unknown): string {
  // Sentences go on behind it.
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

function either(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names.map(name => `"${name}"`)).replace(', or ', ' or ')
}

function show(value: unknown): string {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid Date' : `the Date ${value.toISOString()}`
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (Array.isArray(value)) return value.length > 6 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`
  if (typeof value === 'object' && value !== null) return `an object with the keys ${Object.keys(value).slice(0, 6).join(', ') || '(none)'}`
  return typeof value === 'function' ? 'a function' : String(value)
}
