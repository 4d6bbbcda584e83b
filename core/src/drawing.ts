import { assertValue, contains, describe, equalDistributions, isCompatible, isSingle, singleValue, snapped } from './distributions.ts'
import { problem } from './errors.ts'
import type { History } from './history.ts'
import type { KnownDistributions } from './known-distributions.ts'
import type { Sampler } from './samplers/sampler.ts'
import {
  assertName,
  assertNumberOptions,
  categoricalDistribution,
  cutRange,
  type Distribution,
  floatDistribution,
  intDistribution,
  type NumberOptions,
  type Params,
  type ParamValue,
  type SpaceTable,
  type Suggest
} from './space.ts'

/** Where a drawing takes its values from, the first that has one: fixed, the only possible, drawn jointly, the sampler. */
export interface DrawingSources {
  readonly sampler: Sampler
  readonly history: History
  readonly fixed: Params
  readonly joint: Params
  /** What other trials of the study drew. */
  readonly known: KnownDistributions
  /** Adds what is drawn here to `known` at once, because other trials draw before it is stored. */
  readonly learns?: boolean
  /** Told what is no error and may be a mistake: a fixed value that its range does not have, a range that its step does not divide, two ranges of one name. */
  readonly warn: (sentence: string) => void
}

const none: NumberOptions = Object.freeze({})

/** Draws the params of one trial, one by one; a name that was drawn before keeps its value. */
export class Drawing implements Suggest {
  params: Record<string, ParamValue> = {}
  readonly distributions: Record<string, Distribution> = {}
  readonly #sources: DrawingSources
  #fixed = 0
  #drawn = 0
  #refused = false
  #isTaken = false

  constructor(sources: DrawingSources) {
    this.#sources = sources
  }

  /** Whether every value was fixed beforehand. */
  get isFixed(): boolean {
    return this.#drawn > 0 && this.#fixed === this.#drawn
  }

  /** Whether another draw would come no further: nothing was drawn yet, all was fixed, or what was fixed is no value at all. */
  get isFinal(): boolean {
    return this.#drawn === 0 || this.isFixed || this.#refused
  }

  /** The distributions so far, frozen; one object for all trials that have the same ones. */
  get table(): SpaceTable {
    return this.#sources.known.table(this.distributions)
  }

  /** The params so far, frozen: what is drawn later goes into a copy. */
  take(): Params {
    this.#isTaken = true
    return Object.freeze(this.params)
  }

  /** How many params were drawn so far. */
  get size(): number {
    return this.#drawn
  }

  suggestFloat(name: string, low: number, high: number, options: NumberOptions = none): number {
    if (options !== none) assertNumberOptions('suggestFloat', options)
    const known = this.#sources.known.number('float', name, low, high, options)
    return this.#draw(name, known ?? this.#cut(name, high, floatDistribution(name, low, high, options)), known !== undefined) as number
  }

  suggestInt(name: string, low: number, high: number, options: NumberOptions = none): number {
    if (options !== none) assertNumberOptions('suggestInt', options)
    const known = this.#sources.known.number('int', name, low, high, options)
    return this.#draw(name, known ?? this.#cut(name, high, intDistribution(name, low, high, options)), known !== undefined) as number
  }

  suggestCategorical<const T extends ParamValue>(name: string, choices: readonly T[]): T {
    const known = this.#sources.known.categorical(name, choices)
    return this.#draw(name, known ?? categoricalDistribution(name, choices), known !== undefined) as T
  }

  /** The same distribution; says, once in a study, that it does not reach as far as was asked. */
  #cut<T extends { readonly high: number }>(name: string, high: number, distribution: T): T {
    if (distribution.high !== high && !this.#sources.known.has(name)) this.#sources.warn(cutRange(`"${name}"`, high, distribution.high))
    return distribution
  }

  #draw(name: string, distribution: Distribution, isKnown: boolean): ParamValue {
    const before = Object.hasOwn(this.distributions, name) ? this.distributions[name] : undefined
    if (before !== undefined) {
      if (!isCompatible(before, distribution)) throw problem('PARAM_KIND', name, describe(before), describe(distribution))
      if (!equalDistributions(before, distribution)) {
        const [trial, was, is] = [this.#sources.history.trial, describe(before), describe(distribution)]
        this.#sources.warn(`Trial ${trial}: "${name}" keeps its value from ${was}, although it is suggested again as ${is}.`)
      }
      return this.params[name] as ParamValue
    }
    const { known, learns } = this.#sources
    if (!isKnown) {
      assertName(name)
      known.assertCompatible(name, distribution)
    }
    const value = this.#value(name, distribution)
    if (this.#isTaken) {
      this.params = { ...this.params }
      this.#isTaken = false
    }
    this.distributions[name] = distribution
    this.params[name] = value
    if (learns) known.learnOne(name, distribution)
    this.#drawn++
    return value
  }

  #value(name: string, distribution: Distribution): ParamValue {
    const { fixed, joint, sampler, history, warn } = this.#sources
    if (Object.hasOwn(fixed, name)) {
      const value = asKind(distribution, fixed[name] as ParamValue)
      this.#refused = true
      assertValue(name, distribution, value, history.trial)
      this.#refused = false
      if (!contains(distribution, fixed[name] as ParamValue))
        warn(
          `Trial ${history.trial}: the fixed value ${String(fixed[name])} of "${name}" is no value of ${describe(distribution)}; ${
            value === fixed[name] ? 'it is used' : `${String(value)} is used`
          } all the same.`
        )
      this.#fixed++
      return value
    }
    if (isSingle(distribution)) {
      // A fixed set stays fixed beside a parameter that has no choice.
      this.#fixed++
      return singleValue(distribution)
    }
    const drawn = Object.hasOwn(joint, name) ? joint[name] : undefined
    if (drawn !== undefined && contains(distribution, drawn)) return snapped(distribution, drawn)
    const value = sampler.sample(name, distribution, history, this.params)
    assertValue(name, distribution, value)
    return snapped(distribution, value)
  }
}

/** A fixed number as it is given to an int: cut to a whole one, as in Optuna, and never −0. */
function asKind({ kind }: Distribution, value: ParamValue): ParamValue {
  return kind === 'int' && typeof value === 'number' ? Math.trunc(value) + 0 : value
}
