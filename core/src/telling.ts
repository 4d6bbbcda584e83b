import { problem, StudyError } from './errors.ts'
import type { History } from './history.ts'
import type { LiveTrial } from './live-trial.ts'
import { checkedOutcome, outcomeAttributes } from './outcome.ts'
import type { TellCall } from './plugin.ts'
import type { TrialChange, TrialEnd } from './storages/storage.ts'
import type { StudyCore } from './study-core.ts'
import type { TrialOutcome, TrialRecord } from './trial.ts'

/**
 * Ends a live trial: interceptors, `sampler.beforeFinish`, one transaction in the storage, then history and events. Rejects when the storage
 * does; the trial then stays running and can be told again. An interceptor that throws fails the trial.
 */
export async function tellLive(core: StudyCore, live: LiveTrial, outcome: TrialOutcome): Promise<TrialRecord> {
  const { number } = live
  if (core.live.get(number) !== live) throw problem('TRIAL_NOT_RUNNING', number, core.log.get(number)?.state ?? 'told')
  core.live.delete(number)
  const telling = { number, improved: false }
  core.telling.push(telling)
  live.writes.settle()
  try {
    return await settle(core, { trial: number, params: live.suggested, outcome }, checked => finishLive(core, live, checked))
  } catch (error) {
    if (core.log.get(number)?.state === 'running') core.live.set(number, live)
    throw error
  } finally {
    core.telling.splice(core.telling.indexOf(telling), 1)
  }
}

/** Ends a trial that is running but not live in this process, by its number, in the same way. */
export async function tellNumber(core: StudyCore, number: number, outcome: TrialOutcome): Promise<TrialRecord> {
  if (core.telling.some(telling => telling.number === number)) throw problem('TRIAL_NOT_RUNNING', number, 'told already')
  await core.sync()
  const record = core.log.get(number) ?? (await core.storage.waiting(core.name)).find(waiting => waiting.number === number)
  if (!record) throw problem('TRIAL_UNKNOWN', number, core.name)
  if (record.state !== 'running') throw problem('TRIAL_NOT_RUNNING', number, record.state)
  const telling = { number, improved: false }
  core.telling.push(telling)
  try {
    const history = core.view(number, 0)
    return await settle(core, { trial: number, params: record.params, outcome }, async checked => {
      const finished = await core.storage.finish(core.name, number, endOf(core, history, checked, {}))
      announce(core, finished, checked)
      return finished
    })
  } finally {
    core.telling.splice(core.telling.indexOf(telling), 1)
  }
}

/** The phase `tell`, whose centre is `store`. */
function settle(core: StudyCore, call: TellCall, store: (outcome: TrialOutcome) => Promise<TrialRecord>): Promise<TrialRecord> {
  return core.host.intercepts('tell') ? intercepted(core, call, store) : store(checkedOutcome(call.outcome, core.directions.length))
}

async function intercepted(core: StudyCore, call: TellCall, store: (outcome: TrialOutcome) => Promise<TrialRecord>): Promise<TrialRecord> {
  let stored: TrialRecord | undefined
  const centre = async ({ outcome }: TellCall): Promise<TrialRecord> => {
    const record = await store(checkedOutcome(outcome, core.directions.length))
    stored = record
    return record
  }
  try {
    const record = await core.host.phase('tell', centre)(call)
    // An interceptor that did not call `next` has stored nothing.
    return stored ? record : await centre(call)
  } catch (error) {
    if (!(error instanceof StudyError) || error.code !== 'PLUGIN_THREW') throw error
    if (!stored) return await centre({ ...call, outcome: { state: 'failed', error, cause: 'threw' } })
    // It is finished and stays so; that the plugin failed is said all the same.
    core.bus.emit('plugin.failed', { plugin: error.plugin ?? '', error })
    return stored
  }
}

async function finishLive(core: StudyCore, live: LiveTrial, outcome: TrialOutcome): Promise<TrialRecord> {
  const unwritten = live.writes.rest()
  const rest = unwritten instanceof Promise ? await unwritten : unwritten
  try {
    const record = await core.storage.finish(core.name, live.number, endOf(core, live.history, outcome, rest))
    announce(core, record, outcome)
    return record
  } catch (error) {
    live.writes.restore(rest)
    throw error
  }
}

/** What is stored of an end, with what was not yet stored of its trial. */
function endOf(core: StudyCore, history: History, outcome: TrialOutcome, rest: TrialChange): TrialEnd {
  const ofSampler = core.sampler.beforeFinish?.(outcome, history)
  const ofOutcome = outcomeAttributes(outcome)
  const end: { -readonly [K in keyof TrialEnd]: TrialEnd[K] } = { ...rest, outcome }
  if (rest.reports?.length) end.outcome = { ...outcome, reports: [...rest.reports, ...(outcome.reports ?? [])] }
  if (ofSampler || ofOutcome) end.systemAttributes = { ...rest.systemAttributes, ...(ofSampler || {}), ...ofOutcome }
  return end
}

function announce(core: StudyCore, record: TrialRecord, outcome: TrialOutcome): void {
  const improved = core.log.add(record) || core.telling.some(({ number, improved }) => improved && number === record.number)
  const { bus } = core
  if (!bus.observed) return
  const trial = record.number
  if (outcome.state === 'failed') bus.emit('trial.failed', { trial, record, error: outcome.error })
  else bus.emit(outcome.state === 'complete' ? 'trial.completed' : 'trial.pruned', { trial, record })
  if (improved) bus.emit('study.improved', { record })
}
