export type { CacheEvents, CacheStats, ObservedCache } from './cache.ts'
export type { Sorted } from './column.ts'
export { createStudy } from './create-study.ts'
export { StudyError, TrialPruned } from './errors.ts'
export { type EventMap, type EventType, inBatches, ofType, type StudyEvent } from './events.ts'
export type { History, HistoryColumn, HistoryOutcomes, HistoryReports, WholeColumn } from './history.ts'
export type { Direction, Directions, Objective, ObjectiveFunction, Value } from './objective.ts'
export { paramKey, recordKey } from './param-key.ts'
export type {
  AskCall,
  AskedObjective,
  AskResult,
  EvaluateCall,
  Interceptor,
  Phase,
  PhaseMap,
  Plugin,
  PluginContext,
  TellCall
} from './plugin.ts'
export { pruners } from './pruners/index.ts'
export type { PruneDecision, Pruner } from './pruners/pruner.ts'
export type { RandomStream } from './random-stream.ts'
export { samplers } from './samplers/index.ts'
export type { Draw, Sampler } from './samplers/sampler.ts'
export {
  type CategoricalDistribution,
  categorical,
  type Distribution,
  type FloatDistribution,
  float,
  type IntDistribution,
  int,
  type NumberOptions,
  type ParamOf,
  type Params,
  type ParamsOf,
  type ParamValue,
  type Space,
  type SpaceTable,
  type Suggest,
  space
} from './space.ts'
export { memory } from './storages/memory.ts'
export type {
  Cursor,
  NewTrial,
  StorageFactory,
  StudySpec,
  StudyStorage,
  TrialChange,
  TrialEnd
} from './storages/storage.ts'
export { assertValues, type StorageErrorCode, storageError } from './storages/storage-error.ts'
export type { Best, OptimizeOptions, StopReason, Study, StudyOptions, Summary } from './study.ts'
export {
  type AskedTrial,
  type Evidence,
  type FailureCause,
  finishedValues,
  isFeasible,
  type Json,
  type Outcome,
  type Report,
  systemKeys,
  type Trial,
  type TrialOutcome,
  type TrialParts,
  type TrialRecord,
  type TrialState,
  trialRecord
} from './trial.ts'
