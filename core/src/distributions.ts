import { problem, show } from './errors.ts'
import { pythonEqual, pythonFloatOf } from './python/values.ts'
import { type Distribution, decimalGrid, type ParamValue } from './space.ts'

/** Whether only one value can be drawn. */
export function isSingle(distribution: Distribution): boolean {
  if (distribution.kind === 'categorical') return distribution.choices.length === 1
  const { kind, low, high, step } = distribution
  if (low === high || step === undefined) return low === high
  // 0.9 − 0.8 is less than 0.1 in binary, and not in decimals.
  return kind === 'int' ? high - low < step : decimalGrid(low, high, step).steps === 0
}

/** The only value of a distribution that has one. */
export function singleValue(distribution: Distribution): ParamValue {
  return distribution.kind === 'categorical' ? (distribution.choices[0] as ParamValue) : distribution.low
}

/** Whether a value lies in the range and on the grid, or among the choices. */
export function contains(distribution: Distribution, value: ParamValue): boolean {
  if (distribution.kind === 'categorical') return containsInternal(distribution, choiceIndex(distribution.choices, value))
  return typeof value === 'number' && containsInternal(distribution, value)
}

/** The same of a value in internal form; an index is cut to a whole number, as in Optuna. */
export function containsInternal(distribution: Distribution, value: number): boolean {
  if (distribution.kind === 'categorical') return value > -1 && value < distribution.choices.length
  if (!(value >= distribution.low && value <= distribution.high)) return false
  if (distribution.kind === 'int') return Number.isInteger(value) && (value - distribution.low) % (distribution.step ?? 1) === 0
  if (distribution.step === undefined) return true
  const index = (value - distribution.low) / distribution.step
  if (Math.abs(index - Math.round(index)) < 1e-8) return true
  // Far from zero a double is coarser than that, but its decimal is exact.
  const grid = decimalGrid(distribution.low, distribution.high, distribution.step)
  return grid.snap(value) === value
}

/** The index of a choice, of its own type; NaN equals itself. −1 where there is none. */
export function choiceIndex(choices: readonly ParamValue[], value: ParamValue): number {
  for (let i = 0; i < choices.length; i++) if (Object.is(choices[i], value) || choices[i] === value) return i
  return -1
}

/** A number on the grid of its distribution, in exact decimals and within its bounds; anything else as it is. */
export function snapped(distribution: Distribution, value: ParamValue): ParamValue {
  if (distribution.kind === 'categorical' || typeof value !== 'number') return value
  const { low, high, step } = distribution
  if (distribution.kind === 'int') {
    const unit = step ?? 1
    return Math.min(Math.max(low + Math.round((value - low) / unit) * unit, low), high)
  }
  if (step === undefined) return value
  const grid = decimalGrid(low, high, step)
  return grid.snap(value)
}

/** A stored value as it was meant: on its grid in exact decimals when it lies there, or as it is, so that a fixed value out of range stays itself. */
export function exact(distribution: Distribution, value: ParamValue): ParamValue {
  return contains(distribution, value) ? snapped(distribution, value) : value
}

/**
 * A value as samplers compute with it: a number as it is, a choice by the index of the first that Python takes for equal. NaN for what a
 * parameter of this distribution cannot be at all, wherever its bounds are: no number, or none that has a logarithm.
 */
export function toInternal(distribution: Distribution, value: ParamValue): number {
  if (distribution.kind === 'categorical') {
    const index = distribution.choices.findIndex(choice => pythonEqual(choice, value))
    return index < 0 ? Number.NaN : index
  }
  const number = pythonFloatOf(value)
  return distribution.log && number <= 0 ? Number.NaN : number
}

/** The value of an internal one: a number, cut to a whole one for an int, or a choice; undefined beyond the choices. */
export function toExternal(distribution: Distribution, internal: number): ParamValue | undefined {
  if (distribution.kind === 'float') return internal
  return distribution.kind === 'int' ? Math.trunc(internal) : distribution.choices[Math.trunc(internal)]
}

/** Throws for a value that a parameter of this kind cannot have at all, wherever its bounds are; another number out of range passes. `enqueuedTrial` is to blame. */
export function assertValue(name: string, distribution: Distribution, value: ParamValue, enqueuedTrial?: number): void {
  if (distribution.kind === 'categorical') {
    if (choiceIndex(distribution.choices, value) >= 0) return
    throw problem('PARAM_VALUE', name, value, `one of the choices ${show(distribution.choices)}`, enqueuedTrial)
  }
  const fits = typeof value === 'number' && Number.isFinite(value) && (distribution.kind === 'float' || Number.isInteger(value))
  if (!fits) throw problem('PARAM_VALUE', name, value, distribution.kind === 'int' ? 'a whole number' : 'a finite number', enqueuedTrial)
  if (distribution.log && value <= 0) throw problem('PARAM_VALUE', name, value, 'a number > 0, which has a logarithm,', enqueuedTrial)
}

/** Whether a parameter may be suggested by both within one study: the same kind and scale; ranges and steps may differ. */
export function isCompatible(before: Distribution, now: Distribution): boolean {
  if (before.kind === 'categorical')
    return (
      now.kind === 'categorical' &&
      before.choices.length === now.choices.length &&
      before.choices.every((choice, index) => pythonEqual(choice, now.choices[index] as ParamValue))
    )
  return now.kind === before.kind && (now.log ?? false) === (before.log ?? false)
}

/** Whether two distributions are the same in every respect. */
export function equalDistributions(a: Distribution, b: Distribution): boolean {
  if (a === b) return true
  if (a.kind === 'categorical' || b.kind === 'categorical') return isCompatible(a, b)
  return isCompatible(a, b) && a.low === b.low && a.high === b.high && (a.step ?? 0) === (b.step ?? 0)
}

/** A distribution in a few words, for sentences. */
export function describe(distribution: Distribution): string {
  if (distribution.kind === 'categorical') return `a categorical of ${show(distribution.choices)}`
  const scale = distribution.log ? ' on a logarithmic scale' : distribution.step === undefined ? '' : ` in steps of ${distribution.step}`
  return `${distribution.kind === 'int' ? 'an int' : 'a float'} in [${distribution.low}, ${distribution.high}]${scale}`
}
