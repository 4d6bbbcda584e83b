import type { SpaceTable } from './space.ts'

/**
 * Parts of a conditional search space: parameters that were always suggested together stand in one group, so that a sampler can draw each group
 * jointly (Optuna's group decomposition). Groups come in the order in which the trials split them; a name keeps its first distribution.
 */
export class SearchSpaceGroups {
  #groups: readonly SpaceTable[] = []

  get groups(): readonly SpaceTable[] {
    return this.#groups
  }

  /** Splits every group into what this trial suggested and what it did not; what is new to all groups becomes the last one. */
  add(distributions: SpaceTable): void {
    let rest = Object.keys(distributions)
    const next: SpaceTable[] = []
    for (const group of this.#groups) {
      const names = Object.keys(group)
      next.push(
        part(
          group,
          names.filter(name => Object.hasOwn(distributions, name))
        )
      )
      next.push(
        part(
          group,
          names.filter(name => !Object.hasOwn(distributions, name))
        )
      )
      rest = rest.filter(name => !Object.hasOwn(group, name))
    }
    next.push(part(distributions, rest))
    this.#groups = next.filter(group => Object.keys(group).length > 0)
  }
}

function part(table: SpaceTable, names: readonly string[]): SpaceTable {
  return Object.fromEntries(names.toSorted().map(name => [name, table[name] as SpaceTable[string]]))
}
