import { describe, isCompatible } from './distributions.ts'
import { problem } from './errors.ts'
import type { Distribution, NumberOptions, ParamValue, SpaceTable } from './space.ts'

/** The first distribution of each parameter of a study, which those of later trials must be compatible with, whatever storage they are in. */
export class KnownDistributions {
  readonly #first = new Map<string, Distribution>()
  #last: SpaceTable = {}
  #learned: SpaceTable | undefined

  learn(distributions: SpaceTable): void {
    if (distributions === this.#learned) return
    for (const name in distributions) this.learnOne(name, distributions[name] as Distribution)
    this.#learned = distributions
  }

  learnOne(name: string, distribution: Distribution): void {
    if (this.#first.has(name)) return
    if (distribution.kind === 'categorical') Object.freeze(distribution.choices)
    this.#first.set(name, Object.freeze(distribution))
  }

  has(name: string): boolean {
    return this.#first.has(name)
  }

  /** Throws `StudyError` for another kind, scale or list of choices; other bounds and steps pass. */
  assertCompatible(name: string, distribution: Distribution): void {
    const first = this.#first.get(name)
    if (first === undefined || first === distribution || isCompatible(first, distribution)) return
    throw problem('PARAM_INCOMPATIBLE', name, describe(first), describe(distribution))
  }

  /** The first distribution of a number, if it is the one of these bounds and options to the last bit: all trials hold one object. */
  number(kind: 'float' | 'int', name: string, low: number, high: number, { step, log = false }: NumberOptions): Distribution | undefined {
    const first = this.#first.get(name)
    if (first === undefined || first.kind === 'categorical' || first.kind !== kind) return undefined
    const isSame = Object.is(first.low, low) && Object.is(first.high, high) && first.step === step && (first.log ?? false) === log
    return isSame ? first : undefined
  }

  /** The same of a categorical. */
  categorical(name: string, choices: readonly ParamValue[]): Distribution | undefined {
    const first = this.#first.get(name)
    if (first?.kind !== 'categorical' || first.choices.length !== choices?.length) return undefined
    for (let i = 0; i < choices.length; i++) if (!Object.is(first.choices[i], choices[i])) return undefined
    return first
  }

  /** A frozen table of the same distributions: that of the trial before where it is the same one. */
  table(distributions: SpaceTable): SpaceTable {
    if (!isIdentical(this.#last, distributions)) this.#last = Object.freeze({ ...distributions })
    return this.#last
  }
}

/** In their order, too. */
function isIdentical(a: SpaceTable, b: SpaceTable): boolean {
  const names = Object.keys(b)
  let at = 0
  for (const name in a) if (names[at++] !== name || a[name] !== b[name]) return false
  return at === names.length
}
