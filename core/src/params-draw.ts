import type { AskRequest } from './asking.ts'
import { Drawing } from './drawing.ts'
import { problem, StudyError, sentence } from './errors.ts'
import type { HistoryView } from './history-view.ts'
import type { AskResult } from './plugin.ts'
import type { Draw } from './samplers/sampler.ts'
import type { Params, Space, Suggest } from './space.ts'
import type { StudyCore } from './study-core.ts'
import { systemKeys, type TrialRecord } from './trial.ts'

/** A space in either form. */
export type AnySpace = Space<unknown> | ((suggest: Suggest) => unknown)
/** Params that were drawn, and what the space made of them. */
export interface Drawn {
  readonly drawing: Drawing
  readonly value: unknown
  readonly history: HistoryView
  readonly attempt: number
}
/** The trial that is drawn for. */
export interface DrawnFor {
  readonly number: number
  /** Absent: the trial draws while it runs. */
  readonly space: AnySpace | undefined
  /** The trial as it is stored: enqueued, reserved, or left by a dead worker. */
  readonly existing: TrialRecord | undefined
  /** Of a deterministic run: trials from this one on count as running. */
  readonly horizon: number | undefined
  readonly redraws: AskRequest['redraws']
  readonly drawsOn: AskRequest['drawsOn']
}

const longestSearch = 1000

/** The centre of the phase `ask` for one trial: draws its params, as often as they are rejected. */
export class ParamsDraw {
  readonly #core: StudyCore
  readonly #for: DrawnFor
  /** What is given beforehand: enqueued, or drawn by a dead worker. */
  readonly #fixed: Params
  #warned: Set<string> | undefined
  /** What was drawn last. */
  last: Drawn | undefined

  constructor(core: StudyCore, drawnFor: DrawnFor) {
    this.#core = core
    this.#for = drawnFor
    this.#fixed = drawnFor.existing ? fixedParams(drawnFor.existing) : {}
  }

  /** Draws until space and `where` are content. Rejects with what the space throws, or `SPACE_EXHAUSTED`, `WHERE_EXHAUSTED`, `WHERE_FORBIDS`. */
  async draw(firstAttempt: number): Promise<AskResult> {
    const { space, existing, drawsOn } = this.#for
    const { sampler } = this.#core
    const where = space && 'where' in space ? space.where : undefined
    const table = space && 'table' in space ? space.table : undefined
    // What a dead worker had drawn was accepted then.
    const mayReject = where !== undefined && !(existing && Object.keys(existing.params).length > 0)
    for (let attempt = firstAttempt; ; attempt++) {
      // A set that was enqueued is not lost because the run ends.
      if (attempt > firstAttempt && drawsOn && !(await drawsOn()) && !this.#hasFixed) throw problem('ABORTED')
      const history = this.#view(attempt)
      const drawn = sampler.sampleJoint?.(history, table ?? history.space({ pruned: true }))
      const joint = drawn instanceof Promise ? await drawn : drawn
      const { params, systemAttributes } = this.#jointly(joint)
      const drawing = this.#drawing(history, this.#fixed, params)
      const isLast = (!sampler.systematic || this.#hasFixed) && attempt - firstAttempt + 1 >= longestSearch
      const given = this.#inSpace(drawing, mayReject ? where : undefined, attempt, isLast)
      if (given) {
        // What a sampler would note of its own draw is not true of one that was partly given.
        const isOwn = systemAttributes !== undefined && !this.#hasFixed
        this.last = { drawing, value: given.value, history, attempt }
        return resultOf(this.last, space !== undefined, isOwn ? systemAttributes : undefined)
      }
      if (isLast) throw this.#hasFixed ? problem('WHERE_FORBIDS') : problem('WHERE_EXHAUSTED', longestSearch)
    }
  }

  get #hasFixed(): boolean {
    return Object.keys(this.#fixed).length > 0
  }

  /** What the space makes of a draw; undefined when it is to be drawn again. */
  #inSpace(
    drawing: Drawing,
    where: ((value: unknown) => boolean) | undefined,
    attempt: number,
    isLast: boolean
  ): { readonly value: unknown } | undefined {
    const { space, number, redraws } = this.#for
    try {
      const value = space?.(drawing)
      if (value instanceof Promise) {
        value.catch(() => undefined)
        throw problem('SPACE_ASYNC')
      }
      if (!where || where(value)) return { value }
    } catch (error) {
      // The same attempt would throw again: an ask that follows goes on behind it.
      this.#core.spoiled = { number, attempt: attempt + 1 }
      const isAsync = error instanceof StudyError && error.code === 'SPACE_ASYNC'
      if (!redraws || isAsync || drawing.isFinal || (isLast && this.#hasFixed)) throw error
      if (isLast) throw new StudyError('ASK_KEEPS_FAILING', sentence('ASK_KEEPS_FAILING', longestSearch), { cause: error })
      redraws(error)
      return undefined
    }
    if (drawing.isFixed) throw problem('WHERE_FORBIDS')
    return undefined
  }

  /** The space with the params that an interceptor chose instead. */
  replay({ params, attempt }: AskResult): Drawn {
    const history = this.#view(attempt)
    const drawing = this.#drawing(history, { ...params, ...this.#fixed }, {})
    const value = this.#for.space?.(drawing)
    drawing.take()
    return { drawing, value, history, attempt }
  }

  #view(attempt: number): HistoryView {
    const { number, horizon, space } = this.#for
    return this.#core.view(number, attempt, horizon, space === undefined)
  }

  #drawing(history: HistoryView, fixed: Params, joint: Params): Drawing {
    const { sampler, log } = this.#core
    const learns = this.#for.space === undefined
    return new Drawing({ sampler, known: log.distributions, learns, warn: sentence => this.#warn(sentence), history, fixed, joint })
  }

  /** A sampler with nothing left ends the ask, except for a trial with fixed params, which is not lost: what it leaves open is drawn by itself. */
  #jointly(joint: Draw | 'exhausted' | undefined): Draw {
    if (joint === undefined || (joint === 'exhausted' && this.#hasFixed)) return { params: {} }
    if (joint === 'exhausted') throw problem('SPACE_EXHAUSTED')
    return joint
  }

  /** Once for a trial, however often it is drawn. */
  #warn(sentence: string): void {
    this.#warned ??= new Set()
    if (this.#warned.has(sentence)) return
    this.#warned.add(sentence)
    console.warn(sentence)
  }
}

function fixedParams({ params, systemAttributes }: TrialRecord): Params {
  const enqueued = systemAttributes[systemKeys.fixedParams]
  return typeof enqueued === 'object' && enqueued !== null ? { ...(enqueued as Params), ...params } : params
}

function resultOf({ drawing, attempt }: Drawn, hasSpace: boolean, systemAttributes: AskResult['systemAttributes']): AskResult {
  const result: { -readonly [K in keyof AskResult]: AskResult[K] } = { params: undefined, attempt }
  if (systemAttributes) result.systemAttributes = systemAttributes
  if (!hasSpace) return result
  result.params = drawing.take()
  result.distributions = drawing.table
  if (drawing.isFixed) result.fixed = true
  return result
}
