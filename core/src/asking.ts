import { Drawing, type DrawingSources } from './drawing.ts'
import { StudyError, sentences } from './errors.ts'
import type { HistoryView } from './history-view.ts'
import { LiveTrial } from './live-trial.ts'
import { outcomeAttributes } from './outcome.ts'
import type { AskCall, AskedObjective, AskResult } from './plugin.ts'
import type { Draw } from './samplers/sampler.ts'
import type { Params, Space, SpaceTable, Suggest } from './space.ts'
import type { AnyObjective } from './study.ts'
import type { StudyCore } from './study-core.ts'
import { type Json, systemKeys, type TrialRecord } from './trial.ts'

/** What is asked for. */
export interface AskRequest {
  /** Absent: the trial draws while it runs. */
  readonly space?: Space<unknown> | ((suggest: Suggest) => unknown)
  readonly objective?: AnyObjective
  /** No new trial gets this number or a higher one; existing ones are taken all the same. */
  readonly until?: number
  /** Lanes of a deterministic run: a trial sees as finished only what is this many asks back. */
  readonly lanes?: number
  /** Called for each trial that was told failed because nothing could be drawn for it. */
  readonly failed?: () => void
  /** Called in a deterministic run before a trial is begun that no dead worker left. */
  readonly assertAlone?: () => void
}

/** A trial that exists already, or that is to be appended. */
interface Place {
  readonly number: number
  readonly taken?: TrialRecord
  /** Its number is taken, its params are not stored yet. */
  readonly reserved?: boolean
  /** Warnings that were given, so that further attempts do not repeat them. */
  warned?: Set<string>
}
interface Drawn {
  readonly drawing: Drawing
  readonly value: unknown
  readonly history: HistoryView
}

const longestSearch = 1000
const none: Readonly<Record<string, never>> = Object.freeze({})

/**
 * One ask, as LIFECYCLE has it: read what changed, take a trial that exists or draw a new one, and store it with its params. Resolves with
 * `'limit'` where `until` forbids a new one. Asks of one study must run one after another.
 */
export async function ask(core: StudyCore, request: AskRequest): Promise<LiveTrial | 'limit'> {
  const { until, lanes, assertAlone } = request
  for (let raced = false; ; ) {
    await core.sync()
    const taken = await core.storage.take(core.name)
    if (taken) {
      if (core.log.get(taken.number)?.state !== 'running') assertAlone?.()
      core.log.add(taken)
      const live = await askTaken(core, request, taken)
      if (live) return live
      continue
    }
    assertAlone?.()
    const number = core.log.next
    if (until !== undefined && number >= until) return 'limit'
    if (!raced) {
      const live = await askNew(core, request, { number })
      if (live) return live
      if (lanes !== undefined) throw new StudyError('DETERMINISTIC_RACE', sentences.DETERMINISTIC_RACE(number))
      raced = true
      continue
    }
    // Another worker was faster: now a number of our own first, then the params. A limit holds for that number, too.
    const reserved = await core.storage.create(core.name, { state: 'running' }, until === undefined ? undefined : number)
    if (!reserved) continue
    core.log.add(reserved)
    return (await askReserved(core, request, reserved)) as LiveTrial
  }
}

/** Undefined when the trial was told failed, because its fixed params are forbidden. */
async function askTaken(core: StudyCore, request: AskRequest, taken: TrialRecord): Promise<LiveTrial | undefined> {
  try {
    return await askReserved(core, request, taken)
  } catch (error) {
    if (error instanceof StudyError && error.code === 'WHERE_FORBIDS') return undefined
    throw error
  }
}

/** Asks for a trial that has its number; one that cannot be drawn is told failed. */
async function askReserved(core: StudyCore, request: AskRequest, taken: TrialRecord): Promise<LiveTrial | undefined> {
  try {
    return await askNew(core, request, { number: taken.number, taken, reserved: true })
  } catch (error) {
    const outcome = { state: 'failed', error, cause: 'invalid' } as const
    const record = await core.storage.finish(core.name, taken.number, { outcome, systemAttributes: outcomeAttributes(outcome) ?? {} })
    core.log.add(record)
    request.failed?.()
    if (core.bus.observed) core.bus.emit('trial.failed', { trial: taken.number, record, error })
    throw error
  }
}

/** Undefined when another worker took the number. */
async function askNew(core: StudyCore, request: AskRequest, place: Place): Promise<LiveTrial | undefined> {
  const { number } = place
  const { space, objective, lanes } = request
  const horizon = lanes === undefined ? undefined : Math.max(number - lanes + 1, 0)
  let drawn: Drawn | undefined
  try {
    const centre = async (call: AskCall): Promise<AskResult> => {
      const result = await draw(core, request, place, call.attempt, horizon)
      drawn = result
      const { drawing, attempt, systemAttributes } = result
      const attributes = systemAttributes ? { systemAttributes } : {}
      if (!space) return { params: undefined, attempt, ...attributes }
      const distributions = Object.freeze(drawing.distributions)
      return { params: Object.freeze(drawing.params), distributions, attempt, ...attributes, ...(drawing.isFixed ? { fixed: true } : {}) }
    }
    const phase = core.host.phase('ask', centre)
    const result = await phase({
      trial: number,
      attempt: 0,
      ...(space ? { objective: objectiveOf(space, objective) } : {}),
      ...(horizon === undefined ? {} : { horizon })
    })
    const final = await settled(core, request, place, result, drawn, horizon)
    const stored = await store(core, place, final, result, space !== undefined)
    if (!stored) {
      if (core.bus.observed) core.bus.emit('ask.abandoned', { trial: number })
      return undefined
    }
    return started(core, stored, final, result, space === undefined)
  } catch (error) {
    if (core.bus.observed) core.bus.emit('ask.abandoned', { trial: number })
    throw error
  }
}

/** Draws until `where` is content. Synchronous spaces and samplers take no detour through promises. */
async function draw(
  core: StudyCore,
  { space }: AskRequest,
  place: Place,
  firstAttempt: number,
  horizon: number | undefined
): Promise<Drawn & { readonly attempt: number; readonly systemAttributes?: Readonly<Record<string, Json>> }> {
  const { number, taken } = place
  const { sampler } = core
  const fixed = taken ? fixedParams(taken) : {}
  const where = space && 'where' in space ? space.where : undefined
  const table = space && 'table' in space ? space.table : undefined
  // What a dead worker had drawn was accepted then.
  const mayReject = where !== undefined && !(taken && Object.keys(taken.params).length > 0)
  for (let attempt = firstAttempt; ; attempt++) {
    const history = core.view(number, attempt, horizon, space === undefined)
    const joint = sampler.sampleJoint ? await jointly(sampler.sampleJoint(history, table ?? history.space()), fixed, table) : undefined
    const drawing = new Drawing({ ...sourcesOf(core, space, place), history, fixed, joint: joint?.params ?? {} })
    const value = space?.(drawing)
    if (value instanceof Promise) throw new StudyError('SPACE_ASYNC', sentences.SPACE_ASYNC())
    // What a sampler would note of its own draw is not true of one that was partly given.
    const attributes = joint?.systemAttributes && Object.keys(fixed).length === 0 ? { systemAttributes: joint.systemAttributes } : {}
    if (!mayReject || where(value)) return { drawing, value, history, attempt, ...attributes }
    if (drawing.isFixed) throw new StudyError('WHERE_FORBIDS', sentences.WHERE_FORBIDS())
    if (!sampler.systematic && attempt - firstAttempt + 1 >= longestSearch)
      throw new StudyError('WHERE_EXHAUSTED', sentences.WHERE_EXHAUSTED(longestSearch))
  }
}

function sourcesOf(
  { sampler, log }: StudyCore,
  space: AskRequest['space'],
  place: Place
): Pick<DrawingSources, 'sampler' | 'known' | 'learns' | 'warn'> {
  return { sampler, known: log.distributions, learns: space === undefined, warn: sentence => warnOnce(place, sentence) }
}

/** A sampler with nothing left ends the ask, except for a trial whose params are given anyway. */
async function jointly(
  drawn: Draw | 'exhausted' | Promise<Draw | 'exhausted'>,
  fixed: Params,
  table: SpaceTable | undefined
): Promise<Draw> {
  const draw = drawn instanceof Promise ? await drawn : drawn
  if (draw !== 'exhausted') return draw
  const names = Object.keys(table ?? {})
  const given = Object.keys(fixed).length > 0 && names.every(name => Object.hasOwn(fixed, name))
  if (given) return { params: {} }
  throw new StudyError('SPACE_EXHAUSTED', sentences.SPACE_EXHAUSTED())
}

/** The drawing of what the phase returned: the last one, or the space replayed with the params that an interceptor chose. */
async function settled(
  core: StudyCore,
  { space }: AskRequest,
  place: Place,
  result: AskResult,
  drawn: Drawn | undefined,
  horizon: number | undefined
): Promise<Drawn> {
  const { number, taken } = place
  if (drawn && (!space || result.params === drawn.drawing.params)) return drawn
  const fixed = { ...result.params, ...(taken ? fixedParams(taken) : {}) }
  const history = core.view(number, result.attempt, horizon, space === undefined)
  const drawing = new Drawing({ ...sourcesOf(core, space, place), history, fixed, joint: {} })
  const value = space?.(drawing)
  Object.freeze(drawing.params)
  return { drawing, value, history }
}

/** Appends the trial, or adds what was drawn to one that has its number. Undefined when the number was taken. */
async function store(
  core: StudyCore,
  { number, taken, reserved }: Place,
  { drawing }: Drawn,
  result: AskResult,
  hasSpace: boolean
): Promise<TrialRecord | undefined> {
  const systemAttributes = result.systemAttributes ?? none
  const params: Params = hasSpace ? drawing.params : none
  const distributions: SpaceTable = hasSpace ? drawing.distributions : none
  if (!reserved || !taken) return core.storage.create(core.name, { state: 'running', params, distributions, systemAttributes }, number)
  const missing = Object.keys(params).filter(name => !Object.hasOwn(taken.params, name))
  if (missing.length > 0 || Object.keys(systemAttributes).length > 0)
    await core.storage.update(core.name, number, {
      params: Object.fromEntries(missing.map(name => [name, params[name] as never])),
      distributions: Object.fromEntries(missing.map(name => [name, distributions[name] as never])),
      systemAttributes
    })
  return Object.freeze({
    ...taken,
    params: Object.freeze({ ...taken.params, ...params }),
    distributions: Object.freeze({ ...taken.distributions, ...distributions }),
    systemAttributes: Object.freeze({ ...taken.systemAttributes, ...systemAttributes })
  })
}

function started(
  core: StudyCore,
  record: TrialRecord,
  { drawing, value, history }: Drawn,
  result: AskResult,
  drawsLater: boolean
): LiveTrial {
  const { number } = record
  core.log.add(record)
  const { storage, pruner, bus } = core
  const live = new LiveTrial(
    { study: core.name, storage, pruner, bus, history },
    {
      number,
      drawing,
      value,
      drawsLater,
      storedParams: drawsLater ? 0 : drawing.size,
      ...(result.answer ? { answer: result.answer } : {}),
      ...(result.twin === undefined ? {} : { twin: result.twin })
    }
  )
  core.live.set(number, live)
  if (bus.observed) bus.emit('trial.started', { trial: number, params: drawsLater ? undefined : drawing.params })
  return live
}

function warnOnce(place: Place, sentence: string): void {
  place.warned ??= new Set()
  if (place.warned.has(sentence)) return
  place.warned.add(sentence)
  console.warn(sentence)
}

/** What is given beforehand: enqueued, or drawn by a dead worker. */
function fixedParams({ params, systemAttributes }: TrialRecord): Params {
  const enqueued = systemAttributes[systemKeys.fixedParams]
  return typeof enqueued === 'object' && enqueued !== null ? { ...(enqueued as Params), ...params } : params
}

function objectiveOf(space: NonNullable<AskRequest['space']>, objective: AnyObjective | undefined): AskedObjective {
  return typeof objective === 'object' ? objective : { space }
}
