import type { Generated } from 'kysely'

interface Attribute {
  readonly key: string
  readonly value_json: string
}

/** Optuna's tables, for the query builder. */
export interface OptunaTables {
  readonly studies: { readonly study_id: Generated<number>; readonly study_name: string }
  readonly version_info: { readonly version_info_id: number; readonly schema_version: number; readonly library_version: string }
  readonly alembic_version: { readonly version_num: string }
  readonly study_directions: {
    readonly study_direction_id: Generated<number>
    readonly direction: 'NOT_SET' | 'MINIMIZE' | 'MAXIMIZE'
    readonly study_id: number
    readonly objective: number
  }
  readonly study_user_attributes: Attribute & { readonly study_user_attribute_id: Generated<number>; readonly study_id: number }
  readonly study_system_attributes: Attribute & { readonly study_system_attribute_id: Generated<number>; readonly study_id: number }
  readonly trials: {
    readonly trial_id: Generated<number>
    readonly number: number
    readonly study_id: number
    readonly state: StoredState
    readonly datetime_start: string | null
    readonly datetime_complete: string | null
  }
  readonly trial_params: { readonly trial_id: number }
  readonly trial_values: { readonly trial_id: number }
  readonly trial_intermediate_values: { readonly trial_id: number }
  readonly trial_user_attributes: { readonly trial_id: number }
  readonly trial_system_attributes: { readonly trial_id: number }
  readonly trial_heartbeats: { readonly trial_id: number }
}

/** A trial's state as Optuna spells it. */
export type StoredState = 'RUNNING' | 'COMPLETE' | 'PRUNED' | 'FAIL' | 'WAITING'

/** The tables that belong to a trial. */
export const trialTables = [
  'trial_params',
  'trial_values',
  'trial_intermediate_values',
  'trial_user_attributes',
  'trial_system_attributes',
  'trial_heartbeats'
] as const
