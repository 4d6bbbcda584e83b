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
}
