import { problem } from './errors.ts'

/** A value that can be suggested. */
export type ParamValue = string | number | boolean | null
/** What was suggested: stored, signed, seen by samplers and plugins. */
export type Params = Readonly<Record<string, ParamValue>>

/** A real number in `[low, high]`, both included; on a grid of `step` from `low` on, or drawn on a logarithmic scale. */
export interface FloatDistribution {
  readonly kind: 'float'
  readonly low: number
  readonly high: number
  readonly step?: number
  readonly log?: boolean
}
/** A whole number in `[low, high]`, both included. */
export interface IntDistribution {
  readonly kind: 'int'
  readonly low: number
  readonly high: number
  readonly step?: number
  readonly log?: boolean
}
/** One of the choices, in which order has no meaning. */
export interface CategoricalDistribution<T extends ParamValue = ParamValue> {
  readonly kind: 'categorical'
  readonly choices: readonly T[]
}
export type Distribution = FloatDistribution | IntDistribution | CategoricalDistribution

/** `step` and `log` exclude each other. */
export interface NumberOptions {
  readonly step?: number
  readonly log?: boolean
}
/** Distributions by parameter name. */
export type SpaceTable = Readonly<Record<string, Distribution>>

/** Draws one parameter at a time; what is drawn becomes the trial's search space (define-by-run). */
export interface Suggest {
  suggestFloat(name: string, low: number, high: number, options?: NumberOptions): number
  suggestInt(name: string, low: number, high: number, options?: NumberOptions): number
  suggestCategorical<const T extends ParamValue>(name: string, choices: readonly T[]): T
}

/** Phase one of an objective: cheap, synchronous, without side effects. A plain function will do; `space` adds a table or a rule. */
export interface Space<P> {
  (suggest: Suggest): P
  /** Known beforehand when the space is a table, so that joint samplers need no first trial to see it. */
  readonly table?: SpaceTable
  readonly where?: (params: P) => boolean
  /** The function that `space` was given, for plugins that sign its text. */
  readonly define?: (suggest: Suggest) => P
}
export type ParamOf<D> = D extends { readonly kind: 'categorical'; readonly choices: readonly (infer T)[] } ? T : number
export type ParamsOf<S extends SpaceTable> = { readonly [K in keyof S]: ParamOf<S[K]> }

/** A real parameter of a space table. Throws `StudyError` for an empty or invalid range. */
export function float(low: number, high: number, options: NumberOptions = {}): FloatDistribution {
  assertNumberOptions('float', options)
  return cut('float()', high, floatDistribution('float()', low, high, options))
}

/** A whole-number parameter of a space table. Throws `StudyError` for an empty or invalid range. */
export function int(low: number, high: number, options: NumberOptions = {}): IntDistribution {
  assertNumberOptions('int', options)
  return cut('int()', high, intDistribution('int()', low, high, options))
}

/** A parameter of a space table with a fixed list of choices. Throws `StudyError` when there is none, or one of an unsupported type. */
export function categorical<const T extends ParamValue>(choices: readonly T[]): CategoricalDistribution<T> {
  return categoricalDistribution('categorical()', choices)
}

// Both return an intersection: TypeScript puts off a generic call that returns a bare function type, and inside an objective's literal it
// would then infer the params as unknown.
/** A space as a table, its params inferred; or as a function, with a rule. `where` rejects a draw before a trial is spent on it. */
export function space<const S extends SpaceTable>(
  table: S,
  options?: { readonly where?: (params: ParamsOf<S>) => boolean }
): Space<ParamsOf<S>> & { readonly table: S }
export function space<P>(
  define: (suggest: Suggest) => P,
  options?: { readonly where?: (params: P) => boolean }
): Space<P> & { readonly table?: never }
export function space<P>(
  definition: SpaceTable | ((suggest: Suggest) => P),
  options: { readonly where?: (params: P) => boolean } = {}
): Space<P> {
  const { where } = options
  const rule = where ? { where } : {}
  if (typeof definition === 'function') return Object.assign((suggest: Suggest) => definition(suggest), { define: definition }, rule)
  const table = Object.freeze({ ...definition })
  const entries = Object.entries(table)
  for (const [name, distribution] of entries) {
    assertName(name)
    assertDistribution(name, distribution)
  }
  const define = (suggest: Suggest): P => {
    const params: Record<string, ParamValue> = {}
    for (const [name, distribution] of entries) params[name] = suggestFrom(suggest, name, distribution)
    // The table's own type says which names and kinds these are.
    return params as P
  }
  return Object.assign(define, { table }, rule)
}

/** Throws for what stands in a table and is no distribution. */
export function assertDistribution(name: string, distribution: Distribution | undefined): void {
  if (!['float', 'int', 'categorical'].includes(distribution?.kind ?? '')) throw problem('SPACE_ENTRY', name, distribution)
}

function cut<T extends { readonly high: number }>(name: string, high: number, distribution: T): T {
  if (distribution.high !== high) console.warn(cutRange(name, high, distribution.high))
  return distribution
}

/** What is said of a range that its step does not divide. */
export function cutRange(name: string, high: number, last: number): string {
  return `The range of ${name} ends at ${last}, the last point of its grid, and not at ${high}: its step does not divide it.`
}

const numberOptions = new Set(['step', 'log', 'kind', 'low', 'high'])

/** Throws for options that are no object, or one that is not known. Of a distribution, as tables hand it on, bounds and kind may be among them. */
export function assertNumberOptions(where: string, options: NumberOptions): void {
  if (typeof options !== 'object' || options === null) throw problem('OPTION', `the options of ${where}`, 'an object', options)
  for (const name in options) if (!numberOptions.has(name)) throw problem('OPTION_UNKNOWN', where, name, 'step, log')
}

/** Suggests by a distribution instead of by arguments. */
function suggestFrom(suggest: Suggest, name: string, distribution: Distribution): ParamValue {
  if (distribution.kind === 'categorical') return suggest.suggestCategorical(name, distribution.choices)
  const { low, high } = distribution
  return distribution.kind === 'float'
    ? suggest.suggestFloat(name, low, high, distribution)
    : suggest.suggestInt(name, low, high, distribution)
}

/** A name that keeps its place in an object; throws for one that does not. */
export function assertName(name: string): void {
  if (typeof name !== 'string' || name === '') throw problem('PARAM_NAME_EMPTY', name)
  if (/^(0|[1-9]\d*)$/.test(name)) throw problem('PARAM_NAME_INTEGER', name)
  if (name === '__proto__') throw problem('PARAM_NAME_RESERVED', name)
}

/** `high` comes down to the grid that starts at `low`, in exact decimals, as in Optuna. */
export function floatDistribution(name: string, low: number, high: number, options: NumberOptions = {}): FloatDistribution {
  const { step, log = false } = options
  assertRange(name, low, high)
  if (log && step !== undefined) throw problem('STEP_AND_LOG', name)
  if (log && low <= 0) throw problem('LOG_NOT_POSITIVE', name, low, 0)
  if (step === undefined) return Object.freeze(log ? { kind: 'float', low, high, log } : { kind: 'float', low, high })
  if (!(step > 0) || !Number.isFinite(step)) throw problem('STEP_NOT_POSITIVE', name, step)
  return Object.freeze({ kind: 'float', low, high: decimalGrid(low, high, step).last, step })
}

/** `high` comes down to the grid that starts at `low`. */
export function intDistribution(name: string, low: number, high: number, options: NumberOptions = {}): IntDistribution {
  const { step = 1, log = false } = options
  assertRange(name, low, high)
  for (const bound of [low, high, step]) if (!Number.isSafeInteger(bound)) throw problem('INT_NOT_WHOLE', name, bound)
  if (step < 1) throw problem('STEP_NOT_POSITIVE', name, step)
  if (log && step !== 1) throw problem('STEP_AND_LOG', name)
  if (log && low < 1) throw problem('LOG_NOT_POSITIVE', name, low, 1)
  if (log) return Object.freeze({ kind: 'int', low, high, log })
  if (step === 1) return Object.freeze({ kind: 'int', low, high })
  return Object.freeze({ kind: 'int', low, high: low + Math.floor((high - low) / step) * step, step })
}

export function categoricalDistribution<T extends ParamValue>(name: string, choices: readonly T[]): CategoricalDistribution<T> {
  if (!Array.isArray(choices) || choices.length === 0) throw problem('CHOICES_EMPTY', name)
  for (const choice of choices)
    if (choice !== null && !['string', 'number', 'boolean'].includes(typeof choice)) throw problem('CHOICE_TYPE', name, choice)
  return Object.freeze({ kind: 'categorical', choices: Object.freeze([...choices]) })
}

function assertRange(name: string, low: number, high: number): void {
  for (const bound of [low, high]) if (typeof bound !== 'number' || !Number.isFinite(bound)) throw problem('RANGE_NOT_FINITE', name, bound)
  if (low > high) throw problem('RANGE_EMPTY', name, low, high)
}

/** A grid of decimals: the number of its steps, its last point, and the exact decimal of its point `index`. */
export interface DecimalGrid {
  readonly steps: number
  readonly last: number
  at(index: number): number
  /** The nearest point, within the bounds; a point of the grid is its own. */
  snap(value: number): number
}

/** Points `low + index × step` in the decimals that are written, so that 0.1 + 2 × 0.1 is 0.3. */
export function decimalGrid(low: number, high: number, step: number): DecimalGrid {
  const digits = Math.max(decimals(low), decimals(high), decimals(step))
  if (digits > 300) return binaryGrid(low, high, step)
  const scaledLow = scaled(low, digits)
  const scaledStep = scaled(step, digits)
  const exactSteps = (scaled(high, digits) - scaledLow) / scaledStep
  // More steps than the largest double are as good as that many.
  const steps = Math.min(Number(exactSteps), Number.MAX_VALUE)
  const last = unscaled(scaledLow + exactSteps * scaledStep, digits)
  const at = (index: number) => Math.min(unscaled(scaledLow + BigInt(index) * scaledStep, digits), last)
  const snap = (value: number): number => {
    if (value <= low || value >= last) return value <= low ? low : last
    // In as many decimals as the value has, so that the nearest point is found exactly, however many there are.
    const more = Math.max(decimals(value) - digits, 0)
    const unit = scaledStep * 10n ** BigInt(more)
    const offset = scaled(value, digits + more) - scaledLow * 10n ** BigInt(more)
    return unscaled(scaledLow + ((2n * offset + unit) / (2n * unit)) * scaledStep, digits)
  }
  return { steps, last, at, snap }
}

// Beyond 300 decimals a double has no exact decimal neighbours worth keeping.
function binaryGrid(low: number, high: number, step: number): DecimalGrid {
  const steps = Math.min(Math.floor((high - low) / step), Number.MAX_VALUE)
  const at = (index: number) => Math.min(low + index * step, high)
  return { steps, last: at(steps), at, snap: value => at(Math.min(Math.max(Math.round((value - low) / step), 0), steps)) }
}

/** Decimal places of the shortest text of a number. */
function decimals(value: number): number {
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  return Math.max((mantissa.split('.')[1] ?? '').length - Number(exponent), 0)
}

function scaled(value: number, digits: number): bigint {
  const [mantissa = '', exponent = '0'] = String(value).split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return BigInt(whole + fraction) * 10n ** BigInt(digits - fraction.length + Number(exponent))
}

function unscaled(value: bigint, digits: number): number {
  return Number(`${value}e-${digits}`)
}
