import type { Observable } from 'rxjs'
import type { ObservedCache } from './cache.ts'
import type { EventMap, EventType, StudyEvent } from './events.ts'
import type { Direction } from './objective.ts'
import type { Params, SpaceTable, Suggest } from './space.ts'
import type { Json, Trial, TrialOutcome, TrialRecord, TrialState } from './trial.ts'

/** What a trial is asked for, without the types of its params. */
export interface AskedObjective {
  readonly space: ((suggest: Suggest) => unknown) & {
    readonly table?: SpaceTable
    readonly where?: (params: never) => boolean
    readonly define?: (suggest: Suggest) => unknown
  }
  readonly version?: string
  /** Absent in a hand-written loop. */
  readonly evaluate?: unknown
}
/** What `ask` is called for. */
export interface AskCall {
  readonly trial: number
  /** The first attempt to draw; counts redraws of one trial. */
  readonly attempt: number
  /** Absent for a trial that draws while it runs. */
  readonly objective?: AskedObjective
  /** Given in a deterministic run: trials from this number on count as running, even if more is known. */
  readonly horizon?: number
}
/** What was drawn. Nothing of a rejected attempt is stored. */
export interface AskResult {
  /** Undefined for an objective that draws while it runs. */
  readonly params: Params | undefined
  /** How the params were drawn; absent like them for an objective that draws while it runs. */
  readonly distributions?: SpaceTable
  readonly attempt: number
  /** All params were given beforehand, enqueued or by a dead worker: another attempt draws the same. */
  readonly fixed?: boolean
  readonly answer?: TrialOutcome
  readonly twin?: number
  readonly systemAttributes?: Readonly<Record<string, Json>>
}
export interface EvaluateCall {
  readonly trial: Trial<unknown>
  readonly params: Params | undefined
  readonly twin?: number
}
export interface TellCall {
  readonly trial: number
  readonly params: Params
  readonly outcome: TrialOutcome
}

/** The phases a plugin may wrap: what goes in, what comes out. */
export interface PhaseMap {
  ask: { call: AskCall; result: AskResult }
  /** Never rejects: a throw is an outcome. */
  evaluate: { call: EvaluateCall; result: TrialOutcome }
  tell: { call: TellCall; result: TrialRecord }
}
export type Phase = keyof PhaseMap
/** Wraps a phase. Return without calling `next` to answer in its place; call it again to redraw or to evaluate again. */
export type Interceptor<K extends Phase> = (
  call: PhaseMap[K]['call'],
  next: (call: PhaseMap[K]['call']) => Promise<PhaseMap[K]['result']>
) => Promise<PhaseMap[K]['result']>

export interface Plugin {
  readonly name: string
  install(study: PluginContext): void | Promise<void>
}
export interface PluginContext {
  /** The study's name. */
  readonly name: string
  readonly directions: readonly Direction[]
  /** What the study does, for RxJS operators. An error inside a subscription made here becomes `plugin.failed`, never a crash. */
  readonly events$: Observable<StudyEvent>
  /** Aborts when the study starts to close. */
  readonly signal: AbortSignal
  readonly caches: { add(cache: ObservedCache): void; all(): readonly ObservedCache[] }
  trials(state?: TrialState): AsyncIterable<TrialRecord>
  /** What the storage knows of one trial now, whoever runs it. */
  trial(number: number): Promise<TrialRecord | undefined>
  emit<K extends EventType>(type: K, payload: EventMap[K]): void
  /** Interceptors nest in the order of `plugins`, the first outermost. Only during `install`. */
  intercept<K extends Phase>(phase: K, interceptor: Interceptor<K>): void
  /** What the plugin owns; disposed of in reverse when the study closes. */
  readonly scope: AsyncDisposableStack
}
