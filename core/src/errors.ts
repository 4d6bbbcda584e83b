import { StudyError } from './errors/index.ts'

export { StudyError, TrialPruned } from './errors/index.ts'

/** The sentence of every code. The code is API, the wording is not. */
const sentences = {
  PARAM_NAME_EMPTY: (name: unknown) => `Expected a parameter's name to be a string with at least one character, got ${show(name)}.`,
  PARAM_NAME_INTEGER: (name: string) =>
    `Expected a parameter's name that is not an integer, got "${name}": objects move such keys to the front. Put a letter before it.`,
  PARAM_NAME_RESERVED: (name: string) => `Expected a parameter's name that can be an object's own key, got "${name}". Choose another one.`,
  RANGE_EMPTY: (name: string, low: number, high: number) =>
    `Expected \`low\` <= \`high\` for ${quote(name)}, got ${low} > ${high}. Swap the bounds?`,
  RANGE_NOT_FINITE: (name: string, bound: unknown) => `Expected finite numbers as bounds of ${quote(name)}, got ${show(bound)}.`,
  INT_NOT_WHOLE: (name: string, bound: unknown) =>
    `Expected whole numbers up to 2^53 − 1 as bounds and step of ${quote(name)}, got ${show(bound)}. Use suggestFloat for fractions.`,
  STEP_NOT_POSITIVE: (name: string, step: unknown) => `Expected a step greater than 0 for ${quote(name)}, got ${show(step)}.`,
  STEP_AND_LOG: (name: string) => `Expected either \`step\` or \`log\` for ${quote(name)}, got both. Leave one out.`,
  LOG_NOT_POSITIVE: (name: string, low: number, least: number) =>
    `Expected \`low\` ${least === 0 ? '> 0' : `>= ${least}`} for ${quote(name)} on a logarithmic scale, got ${low}. Raise \`low\` or drop \`log\`.`,
  CHOICES_EMPTY: (name: string) => `Expected an array with at least one choice for ${quote(name)}, got none.`,
  CHOICE_TYPE: (name: string, choice: unknown) =>
    `Expected strings, numbers, booleans or null as choices of ${quote(name)}, got ${show(choice)}. Map names to objects in your objective instead.`,
  PARAM_KIND: (name: string, before: string, now: string) =>
    `Expected "${name}" to be suggested as ${before}, as before, got ${now}. Give the second one another name.`,
  PARAM_INCOMPATIBLE: (name: string, before: string, now: string) =>
    `Expected "${name}" to keep its kind, scale and choices within a study, got ${now} after ${before}. Give it another name, or use another study.`,
  PARAM_VALUE: (name: string, value: unknown, expected: string, trial?: number) =>
    `Expected ${expected} for "${name}", got ${show(value)}.${trial === undefined ? '' : ` Trial ${trial} was enqueued with it and fails: enqueue another value.`}`,
  KEY_VALUE: (name: string, value: unknown) =>
    `Expected a string, a finite number, a boolean or null for "${name}" in a parameter key, got ${show(value)}.`,
  SPACE_ENTRY: (name: string, value: unknown) =>
    `Expected a distribution for "${name}" in a space, got ${show(value)}. Write float(low, high), int(low, high) or categorical([…]).`,
  SPACE_ASYNC: () => 'Expected a space to return its params at once, got a promise. Load data in `evaluate`, draw in `space`.',
  WHERE_EXHAUSTED: (draws: number) =>
    `Expected \`where\` to accept a draw within ${draws} attempts, got none. Widen the rule, or narrow the ranges so that more draws satisfy it.`,
  WHERE_FORBIDS: () => 'Expected enqueued params that `where` accepts, got others, whatever is drawn beside them. Enqueue other values.',
  SPACE_EXHAUSTED: () => 'Every point of the space has been tried.',
  RUNTIME_TOO_OLD: () =>
    'Expected a runtime with explicit resource management, such as Node 24 or newer, got one without AsyncDisposableStack. Install a current one.',
  OBJECTIVE_SPACE: (value: unknown) =>
    `Expected the objective's \`space\` to be a function, got ${show(value)}. Wrap a table in space({ … }).`,
  OBJECTIVE_SHAPE: (value: unknown) => `Expected an objective: a function, or { space, evaluate } with two functions, got ${show(value)}.`,
  VALUE_INVALID: (value: unknown) =>
    `Expected a number as the objective's value, got ${show(value)}. Return a number, or prune the trial if it has none.`,
  VALUE_NAN: () => "Expected a number as the objective's value, got NaN. Prune the trial if it has no value, or find the 0/0.",
  VALUE_COUNT: (expected: number, got: number) =>
    `Expected ${expected} ${expected === 1 ? 'value' : 'values'}, one per direction, got ${got}.`,
  VALUE_TEXT: (value: unknown) => `Expected a number as the objective's value, got the text ${show(value)}. Convert it with Number().`,
  OUTCOME_VALUE: (state: string, value: unknown) =>
    `Expected no value beside the state "${state}", got ${show(value)}. A pruned trial keeps the value of its last report.`,
  OUTCOME_STATE: (state: unknown) => `Expected an outcome with the state "complete", "pruned" or "failed", got ${show(state)}.`,
  REPORT_VALUE: (value: unknown) => `Expected a number to report, got ${show(value)}.`,
  REPORT_STEP: (step: unknown) => `Expected a whole number >= 0 as the step of a report, got ${show(step)}.`,
  REPORT_DIRECTIONS: (count: number) =>
    `Expected one direction for reports and pruning, got a study with ${count}. Leave report() and shouldPrune() out.`,
  CONSTRAINT_VALUE: (name: string, value: unknown) => `Expected a number for the constraint "${name}", got ${show(value)}.`,
  ATTRIBUTE_VALUE: (key: string, value: unknown) => `Expected a JSON value for the attribute "${key}", got ${show(value)}.`,
  DISTRIBUTION_JSON: (text: string, got: string) => `Expected a distribution as Optuna stores it, got ${got} in ${show(text)}.`,
  TRIAL_UNKNOWN: (number: number, study: string) =>
    `Expected a trial of the study "${study}", got number ${number}, which it does not have.`,
  TRIAL_NOT_RUNNING: (number: number, state: string) =>
    `Expected trial ${number} to be running, got a trial that is ${state}. A trial is told once.`,
  TRIAL_OVER: (number: number) => `Trial ${number} is over: what it still reports or draws is not kept.`,
  STUDY_NAME: (name: unknown) => `Expected a study's name to be a string with at least one character, got ${show(name)}.`,
  STUDY_EXISTS: (name: string) =>
    `Expected no study named "${name}", got one that exists. Choose another name, or leave \`ifExists\` at 'load'.`,
  STUDY_UNKNOWN: (name: string) =>
    `Expected a study named "${name}", got none in this storage. Check the name and the storage, or leave \`ifMissing\` at 'create'.`,
  STUDY_DIRECTIONS: (name: string, stored: string, asked: string) =>
    `Expected the directions that "${name}" was created with, ${stored}, got ${asked}. Use those, or another study name.`,
  STUDY_SEED: (name: string, stored: number, asked: number) =>
    `Expected the seed that "${name}" was created with, ${stored}, got ${asked}. Leave \`seed\` out to continue, or use another study name.`,
  STUDY_CLOSED: (name: string) =>
    `Expected an open study, got "${name}", which is closed. Await what you do with it before its block ends, or open it again with createStudy.`,
  DIRECTION: (value: unknown) => `Expected 'minimize' or 'maximize' as direction, or an array of them, got ${show(value)}.`,
  SEED: (value: unknown) => `Expected a whole number from 0 to 2^53 − 1 as seed, got ${show(value)}.`,
  METRIC_NAMES: (expected: number, got: number) => `Expected ${expected} metric names, one per direction, got ${got}.`,
  STORAGE_SHAPE: (value: unknown) =>
    `Expected a storage, or a function that opens one, got ${show(value)}. Of @rxtuna/rdb-storage, sqlite(path) makes one, and storageFrom(url).`,
  OPTION: (name: string, expected: string, value: unknown) => `Expected ${expected} as \`${name}\`, got ${show(value)}.`,
  OPTION_UNKNOWN: (where: string, name: string, known: string) => `Expected one of ${known} as options of ${where}, got "${name}".`,
  OPTIMIZE_RUNNING: (name: string) =>
    `Expected one \`optimize\` at a time, got a second one on "${name}". Raise \`concurrency\`, or await the first.`,
  UNIQUE_NEEDS_DEDUP: () => 'Expected a plugin that answers repeated params when `unique` is set, got none. Add dedup() to `plugins`.',
  DETERMINISTIC_TIMEOUT: () =>
    'Expected no `timeout` in a deterministic run, because a clock decides where it ends. Use `trials` or `until`.',
  DETERMINISTIC_RUNNING: (number: number) =>
    `Expected no running trial when a deterministic run starts, got trial ${number}, which a living worker holds. Wait for it, tell it if it is your own, or run without \`deterministic\`.`,
  DETERMINISTIC_RACE: (number: number) =>
    `Expected to be the only worker in a deterministic run, but trial ${number} was taken by another one. Run one process, or without \`deterministic\`.`,
  ASK_KEEPS_FAILING: (times: number) =>
    `Expected a trial, got ${times} errors one after another. Correct the space: the last error is the cause.`,
  PLUGIN_NAME_TAKEN: (name: string) => `Expected plugins of different names, got two named "${name}". Leave one out.`,
  PLUGIN_SHAPE: (value: unknown) =>
    `Expected plugins as objects with \`name\` and \`install\`, got ${show(value)}. Call the plugin's factory?`,
  PLUGIN_RESULT: (plugin: string, phase: string) =>
    `Expected the interceptor of the plugin "${plugin}" in the phase "${phase}" to return a result, got undefined. Return what next(call) resolves with.`,
  PLUGIN_THREW: (plugin: string, phase: string, message: string) => `The plugin "${plugin}" threw in the phase "${phase}": ${message}`,
  CACHE_NAME_TAKEN: (name: string) => `Expected caches of different names, got two named "${name}". Give one of them another name.`,
  INTERCEPT_LATE: (plugin: string) => `Expected interceptors to be added in \`install\`, got one from "${plugin}" afterwards.`,
  ABORTED: () => 'The trial was aborted.',
  TIMED_OUT: (ms: number) => `The trial took longer than its \`trialTimeout\` of ${ms} ms.`
} as const

type Code = keyof typeof sentences
/** What the sentence of a code speaks of. */
export type Of<K extends Code> = Parameters<(typeof sentences)[K]>

/** The error of a code, and of what its sentence speaks of. */
export function problem<K extends Code>(code: K, ...of: Of<K>): StudyError {
  return new StudyError(code, sentence(code, ...of))
}

export function sentence<K extends Code>(code: K, ...of: Of<K>): string {
  // The parameters belong to this code's sentence, which the compiler does not see for a union of codes.
  return (sentences[code] as (...of: readonly unknown[]) => string)(...of)
}

const quote = (name: string): string => (name.endsWith('()') ? name : `"${name}"`)

/** How a value is named in a sentence: short, with its type where that is what is wrong. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'function') return `a function${value.name ? ` (${value.name})` : ''}`
  if (typeof value === 'bigint') return `${value}n`
  if (Array.isArray(value)) return value.length > 6 ? `an array of ${value.length}` : `[${value.map(show).join(', ')}]`
  if (value instanceof Promise) return 'a promise'
  if (value instanceof Error) return `${value.name}: ${value.message}`
  if (typeof value === 'object' && value !== null) return `an object with the keys ${Object.keys(value).slice(0, 6).join(', ') || '(none)'}`
  return String(value)
}
