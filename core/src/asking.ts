import { problem, StudyError } from './errors.ts'
import { LiveTrial } from './live-trial.ts'
import { outcomeAttributes, warnOfFailure } from './outcome.ts'
import { type AnySpace, type Drawn, ParamsDraw } from './params-draw.ts'
import type { AskCall, AskedObjective, AskResult } from './plugin.ts'
import type { Params, SpaceTable } from './space.ts'
import type { AnyObjective } from './study.ts'
import type { StudyCore } from './study-core.ts'
import type { TrialRecord } from './trial.ts'

/** What is asked for. */
export interface AskRequest {
  /** Absent: the trial draws while it runs. */
  readonly space?: AnySpace
  readonly objective?: AnyObjective
  /** No new trial gets this number or a higher one; existing ones are taken all the same. */
  readonly until?: number
  /** Lanes of a deterministic run: a trial sees as finished only what is this many asks back. */
  readonly lanes?: number
  /** Called for each trial that was told failed because nothing could be drawn for it. */
  readonly failed?: () => void
  /** Called for a draw that makes the space throw, which is then drawn again; absent, it ends the ask. */
  readonly redraws?: (error: unknown) => void
  /** Called before params are drawn again; unless it says true, the ask is rejected with `ABORTED`. */
  readonly drawsOn?: () => boolean | Promise<boolean>
  /** Called in a deterministic run before a trial is begun that no dead worker left. */
  readonly assertAlone?: () => void
}

const none: Readonly<Record<string, never>> = Object.freeze({})

/**
 * One ask, as LIFECYCLE has it: read what changed, take a trial that exists or draw a new one, and store it with its params. Resolves with
 * `'limit'` where `until` forbids a new one, and with `'forbidden'` when a trial was told failed because `where` forbids its fixed params. Asks of one
 * study must run one after another.
 */
export async function ask(core: StudyCore, request: AskRequest): Promise<LiveTrial | 'limit' | 'forbidden'> {
  const { until, lanes, assertAlone } = request
  for (let raced = false; ; ) {
    await core.sync()
    const taken = await core.storage.take(core.name)
    if (taken) {
      if (core.log.get(taken.number)?.state !== 'running') assertAlone?.()
      core.log.add(taken)
      return beginTaken(core, request, taken)
    }
    assertAlone?.()
    const number = core.log.next
    if (until !== undefined && number >= until) return 'limit'
    if (!raced) {
      const live = await begin(core, request, number)
      if (live) return live
      if (lanes !== undefined) throw problem('DETERMINISTIC_RACE', number)
      raced = true
      continue
    }
    // Another worker was faster: now a number of our own first, then the params. A limit holds for that number, too.
    const reserved = await core.storage.create(core.name, { state: 'running' }, until === undefined ? undefined : number)
    if (!reserved) continue
    core.log.add(reserved)
    return beginExisting(core, request, reserved)
  }
}

async function beginTaken(core: StudyCore, request: AskRequest, taken: TrialRecord): Promise<LiveTrial | 'forbidden'> {
  try {
    return await beginExisting(core, request, taken)
  } catch (error) {
    if (!(error instanceof StudyError) || error.code !== 'WHERE_FORBIDS') throw error
    warnOfFailure(taken.number, error)
    return 'forbidden'
  }
}

/** Begins a trial that has its number; one that cannot be drawn is told failed. */
async function beginExisting(core: StudyCore, request: AskRequest, existing: TrialRecord): Promise<LiveTrial> {
  const { number } = existing
  try {
    // It has its number, which nobody can take.
    return (await begin(core, request, number, existing)) as LiveTrial
  } catch (error) {
    const outcome = { state: 'failed', error, cause: 'invalid' } as const
    const record = await core.storage.finish(core.name, number, { outcome, systemAttributes: outcomeAttributes(outcome) ?? none })
    core.log.add(record)
    request.failed?.()
    if (core.bus.observed) core.bus.emit('trial.failed', { trial: number, record, error })
    throw error
  }
}

/** Draws a trial's params through the phase `ask` and stores them. Undefined when another worker took the number. */
async function begin(core: StudyCore, request: AskRequest, number: number, existing?: TrialRecord): Promise<LiveTrial | undefined> {
  const { space, objective, lanes, redraws, drawsOn } = request
  const horizon = lanes === undefined ? undefined : Math.max(number - lanes + 1, 0)
  const draw = new ParamsDraw(core, { number, space, existing, horizon, redraws, drawsOn })
  const call: { -readonly [K in keyof AskCall]: AskCall[K] } = {
    trial: number,
    attempt: core.spoiled.number === number ? core.spoiled.attempt : 0
  }
  if (space) call.objective = objectiveOf(space, objective)
  if (horizon !== undefined) call.horizon = horizon
  try {
    const result = await core.host.phase('ask', ({ attempt }) => draw.draw(attempt))(call)
    const { last } = draw
    // An interceptor may have chosen other params than those that were drawn last.
    const drawn = last && (!space || result.params === last.drawing.params) ? last : draw.replay(result)
    const params: Params = space ? drawn.drawing.params : none
    const distributions: SpaceTable = space ? drawn.drawing.table : none
    const added = { params, distributions, systemAttributes: result.systemAttributes ?? none }
    const record = existing
      ? await complete(core, existing, added)
      : await core.storage.create(core.name, { state: 'running', ...added }, number)
    if (record) return goLive(core, record, drawn, result, space === undefined)
    if (core.bus.observed) core.bus.emit('ask.abandoned', { trial: number })
    return undefined
  } catch (error) {
    if (core.bus.observed) core.bus.emit('ask.abandoned', { trial: number })
    throw error
  }
}

/** Adds to a stored trial what it does not have yet. */
async function complete(
  core: StudyCore,
  existing: TrialRecord,
  added: Pick<TrialRecord, 'params' | 'distributions' | 'systemAttributes'>
): Promise<TrialRecord> {
  const missing = Object.keys(added.params).filter(name => !Object.hasOwn(existing.params, name))
  if (missing.length > 0 || Object.keys(added.systemAttributes).length > 0)
    await core.storage.update(core.name, existing.number, {
      params: Object.fromEntries(missing.map(name => [name, added.params[name] as never])),
      distributions: Object.fromEntries(missing.map(name => [name, added.distributions[name] as never])),
      systemAttributes: added.systemAttributes
    })
  return Object.freeze({
    ...existing,
    params: Object.freeze({ ...existing.params, ...added.params }),
    distributions: Object.freeze({ ...existing.distributions, ...added.distributions }),
    systemAttributes: Object.freeze({ ...existing.systemAttributes, ...added.systemAttributes })
  })
}

function goLive(core: StudyCore, record: TrialRecord, drawn: Drawn, { answer, twin }: AskResult, drawsLater: boolean): LiveTrial {
  const { number } = record
  const { drawing, value, history } = drawn
  core.log.add(record)
  const live = new LiveTrial(core, history, {
    number,
    drawing,
    value,
    drawsLater,
    storedParams: drawsLater ? 0 : drawing.size,
    answer,
    twin
  })
  core.live.set(number, live)
  if (core.bus.observed) core.bus.emit('trial.started', { trial: number, params: drawsLater ? undefined : drawing.params })
  return live
}

function objectiveOf(space: AnySpace, objective: AnyObjective | undefined): AskedObjective {
  return typeof objective === 'object' ? objective : { space }
}
