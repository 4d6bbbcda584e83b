import { describe, isCompatible } from './distributions.ts'
import { StudyError, sentences } from './errors.ts'
import type { Distribution, SpaceTable } from './space.ts'

/** The first distribution of each parameter of a study, which those of later trials must be compatible with, whatever storage they are in. */
export class KnownDistributions {
  readonly #first = new Map<string, Distribution>()

  learn(distributions: SpaceTable): void {
    for (const name in distributions) if (!this.#first.has(name)) this.#first.set(name, distributions[name] as Distribution)
  }

  /** Throws `StudyError` for another kind, scale or list of choices; other bounds and steps pass. */
  assertCompatible(name: string, distribution: Distribution): void {
    const first = this.#first.get(name)
    if (first === undefined || first === distribution || isCompatible(first, distribution)) return
    throw new StudyError('PARAM_INCOMPATIBLE', sentences.PARAM_INCOMPATIBLE(name, describe(first), describe(distribution)))
  }

  /** The first distribution where this one is the same to the last bit, so that all trials hold one object; else the one given. */
  shared(name: string, distribution: Distribution): Distribution {
    const first = this.#first.get(name)
    return first !== undefined && Object.isFrozen(first) && isIdentical(first, distribution) ? first : distribution
  }
}

function isIdentical(a: Distribution, b: Distribution): boolean {
  if (a.kind === 'categorical')
    return (
      b.kind === 'categorical' && a.choices.length === b.choices.length && a.choices.every((choice, i) => Object.is(choice, b.choices[i]))
    )
  if (b.kind === 'categorical') return false
  return a.kind === b.kind && Object.is(a.low, b.low) && Object.is(a.high, b.high) && a.step === b.step && a.log === b.log
}
