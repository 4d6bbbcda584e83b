import { distributionToJson } from '../../../core/src/python/distribution-json.ts'
import { SearchSpaceGroups } from '../../../core/src/search-space-groups.ts'
import { SearchSpaceTransform } from '../../../core/src/search-space-transform.ts'
import type { Params, SpaceTable } from '../../../core/src/space.ts'
import type { TrialRecord } from '../../../core/src/trial.ts'
import { TrialLog } from '../../../core/src/trial-log.ts'
import { type Components, component } from '../component.ts'
import { distributionOf, recordOf, type SpaceJson, spaceOf, type TrialJson } from '../json.ts'

interface Transform {
  readonly search_space: SpaceJson
  readonly options: { readonly transform_log: boolean; readonly transform_step: boolean; readonly transform_0_1: boolean }
  readonly params: readonly Params[]
  readonly vectors: readonly (readonly number[])[]
}
interface Spaces {
  readonly intersection: SpaceJson
  readonly intersection_with_pruned: SpaceJson
  readonly groups: readonly (readonly string[])[]
  readonly groups_with_pruned: readonly (readonly string[])[]
}

export const searchSpace: Components = {
  search_space: component<{ readonly trials: readonly TrialJson[] }, Spaces>({
    answer({ trials }) {
      const log = new TrialLog(['minimize'])
      const records = trials.map(trial => recordOf(trial))
      for (const record of records) log.add(record)
      return {
        intersection: textsOf(log.space(false)),
        intersection_with_pruned: textsOf(log.space(true)),
        groups: groupsOf(records, false),
        groups_with_pruned: groupsOf(records, true)
      }
    },
    expect: spaces => ({ ...spaces, ...mapSpaces(spaces) })
  }),

  search_space_transform: component<Transform>({
    answer({ search_space, options, params, vectors }) {
      const { transform_log: log, transform_step: step, transform_0_1: unit } = options
      const transform = new SearchSpaceTransform(spaceOf(search_space), { log, step, unit })
      return {
        bounds: transform.bounds,
        transformed: params.map(each => [...transform.transform(each)]),
        untransformed: vectors.map(vector => transform.untransform(vector)),
        column_to_encoded_columns: transform.columns
      }
    }
  })
}

/** Names in their order, with distributions in one spelling. */
function textsOf(space: SpaceTable): readonly (readonly [string, string])[] {
  return Object.entries(space).map(([name, distribution]) => [name, distributionToJson(distribution)])
}

function mapSpaces({ intersection, intersection_with_pruned }: Spaces): Record<string, unknown> {
  const texts = (space: SpaceJson): unknown => space.map(([name, distribution]) => [name, distributionToJson(distributionOf(distribution))])
  return { intersection: texts(intersection), intersection_with_pruned: texts(intersection_with_pruned) }
}

function groupsOf(records: readonly TrialRecord[], pruned: boolean): readonly (readonly string[])[] {
  const groups = new SearchSpaceGroups()
  for (const { state, distributions } of records) if (state === 'complete' || (pruned && state === 'pruned')) groups.add(distributions)
  return groups.groups.map(group => Object.keys(group))
}
