import { problem, type StudyError } from './errors.ts'
import type { OptimizeOptions, StudyOptions } from './study.ts'

const optimizeOptions = [
  'trials',
  'until',
  'unique',
  'timeout',
  'trialTimeout',
  'concurrency',
  'signal',
  'deterministic',
  'onError'
] as const
const studyOptions = [
  'name',
  'direction',
  'metricNames',
  'storage',
  'sampler',
  'pruner',
  'plugins',
  'seed',
  'ifExists',
  'ifMissing',
  'clock'
] as const

/** Throws a sentence for what `optimize` cannot do. */
export function assertOptimizeOptions(options: OptimizeOptions): void {
  assertKnown('optimize', options, optimizeOptions)
  for (const name of ['trials', 'until', 'unique'] as const) assertNumber(name, options[name], 'a whole number >= 0', isWhole)
  for (const name of ['timeout', 'trialTimeout'] as const) assertNumber(name, options[name], 'milliseconds >= 0', value => value >= 0)
  assertNumber('concurrency', options.concurrency, 'a whole number >= 1', value => isWhole(value) && value >= 1)
  const { signal, onError, deterministic, timeout } = options
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw option('signal', 'an AbortSignal', signal)
  if (onError !== undefined && onError !== 'throw' && onError !== 'continue') throw option('onError', "'throw' or 'continue'", onError)
  if (deterministic && timeout !== undefined) throw problem('DETERMINISTIC_TIMEOUT')
}

/** Throws a sentence for what `createStudy` cannot do. */
export function assertStudyOptions(options: StudyOptions): void {
  assertKnown('createStudy', options, studyOptions)
  const { name, direction = 'minimize', seed, metricNames, ifExists, ifMissing, storage, sampler, pruner, plugins } = options
  if (name !== undefined && (typeof name !== 'string' || name === '')) throw problem('STUDY_NAME', name)
  const directions = Array.isArray(direction) ? direction : [direction]
  if (directions.length === 0) throw problem('DIRECTION', direction)
  for (const one of directions) if (one !== 'minimize' && one !== 'maximize') throw problem('DIRECTION', one)
  if (metricNames !== undefined && metricNames.length !== directions.length)
    throw problem('METRIC_NAMES', directions.length, metricNames.length)
  if (seed !== undefined && !isWhole(seed)) throw problem('SEED', seed)
  if (ifExists !== undefined && ifExists !== 'load' && ifExists !== 'fail') throw option('ifExists', "'load' or 'fail'", ifExists)
  if (ifMissing !== undefined && ifMissing !== 'create' && ifMissing !== 'fail') throw option('ifMissing', "'create' or 'fail'", ifMissing)
  if (storage !== undefined && typeof storage !== 'function' && typeof storage?.open !== 'function') throw problem('STORAGE_SHAPE', storage)
  if (sampler !== undefined && typeof sampler?.sample !== 'function')
    throw option('sampler', 'a sampler, such as samplers.random()', sampler)
  if (pruner !== undefined && typeof pruner?.shouldPrune !== 'function')
    throw option('pruner', 'a pruner, such as pruners.median()', pruner)
  if (plugins !== undefined && !Array.isArray(plugins)) throw option('plugins', 'an array of plugins', plugins)
}

/** Throws a sentence for options that are no object, or one that is not known. */
export function assertKnown(where: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null) throw option(`the options of ${where}`, 'an object', options)
  for (const name of Object.keys(options)) if (!known.includes(name)) throw problem('OPTION_UNKNOWN', where, name, known.join(', '))
}

function assertNumber(name: string, value: unknown, expected: string, fits: (value: number) => boolean): void {
  if (value !== undefined && !(typeof value === 'number' && fits(value))) throw option(name, expected, value)
}

const isWhole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0
const option = (name: string, expected: string, value: unknown): StudyError => problem('OPTION', name, expected, value)
