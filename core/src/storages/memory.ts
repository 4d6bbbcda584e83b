import { assertJson } from '../json.ts'
import { finishedValues, type Json, type Report, systemKeys, type TrialRecord, type TrialState, trialRecord } from '../trial.ts'
import type { NewTrial, StudySpec, StudyStorage, TrialChange, TrialEnd } from './storage.ts'
import { assertValues, storageError } from './storage-error.ts'

type Attributes = Readonly<Record<string, Json>>

interface MemoryStudy {
  readonly name: string
  readonly directions: StudySpec['directions']
  readonly metricNames?: readonly string[]
  attributes: Attributes
  systemAttributes: Attributes
  readonly trials: MemoryTrial[]
  /** Numbers of trials that wait or waited, in order; those before `head` have been taken. */
  readonly waiting: number[]
  head: number
  /** Numbers of trials in the order of what happened to them after they were created. */
  readonly changes: number[]
}

/** A trial's record, and while it runs what was reported since that was built. */
interface MemoryTrial {
  record: TrialRecord
  pending: Report[] | undefined
  steps: Set<number> | undefined
}

/** Where a reader stands: trials from `from` on are new to it, and so are changes from `at` on. */
interface MemoryCursor {
  readonly study: MemoryStudy
  readonly from: number
  readonly at: number
}

const nothing: Readonly<Record<string, never>> = Object.freeze({})
const none: readonly never[] = Object.freeze([])

/**
 * Keeps studies in this process for as long as the object lives: the default of every study, and one object may be lent to several.
 * Its workers never die, so `take` gives waiting trials only. `clock`: milliseconds since the epoch, default `Date.now`.
 */
export function memory(options: { readonly clock?: () => number } = {}): StudyStorage {
  const { clock = Date.now } = options
  const studies = new Map<string, MemoryStudy>()

  const studyOf = (name: string): MemoryStudy => {
    const study = studies.get(name)
    if (!study) throw storageError('STUDY_UNKNOWN', name)
    return study
  }
  const runningOf = (study: MemoryStudy, number: number): MemoryTrial => {
    const trial = study.trials[number]
    if (!trial) throw storageError('TRIAL_UNKNOWN', number, study.name)
    if (trial.record.state !== 'running') throw storageError('TRIAL_NOT_RUNNING', number, trial.record.state)
    return trial
  }

  return {
    async open(spec, ifExists) {
      const existing = studies.get(spec.name)
      if (existing && ifExists === 'fail') throw storageError('STUDY_EXISTS', spec.name)
      const study = existing ?? newStudy(spec)
      studies.set(spec.name, study)
      return specOf(study)
    },
    async studies() {
      return [...studies.values()].map(specOf)
    },
    async remove(name) {
      studyOf(name)
      studies.delete(name)
    },
    async create(name, trial, at) {
      const study = studyOf(name)
      const number = study.trials.length
      if (at !== undefined && at !== number) return undefined
      const record = created(study, number, trial, clock())
      study.trials.push({ record, pending: undefined, steps: undefined })
      if (record.state === 'waiting') study.waiting.push(number)
      return record
    },
    async take(name) {
      const study = studyOf(name)
      const number = study.waiting[study.head]
      const trial = number === undefined ? undefined : study.trials[number]
      if (number === undefined || !trial) return undefined
      study.head++
      study.changes.push(number)
      trial.record = trialRecord({ ...trial.record, state: 'running', startedAt: new Date(clock()) })
      return trial.record
    },
    async waiting(name) {
      const study = studyOf(name)
      // Every number in the queue is one of the study's trials.
      return study.waiting.slice(study.head).map(number => recordOf(study.trials[number] as MemoryTrial))
    },
    async update(name, number, change) {
      const study = studyOf(name)
      const trial = runningOf(study, number)
      const parts = mergedParts(trial.record, change)
      if (parts !== undefined) trial.record = trialRecord({ ...trial.record, ...parts })
      if (change.reports) report(trial, change.reports)
      study.changes.push(number)
    },
    async finish(name, number, end) {
      const study = studyOf(name)
      const trial = runningOf(study, number)
      trial.record = finished(trial, study.directions.length, end, clock())
      trial.pending = undefined
      trial.steps = undefined
      study.changes.push(number)
      return trial.record
    },
    async read(name, since, limit = Number.POSITIVE_INFINITY) {
      const study = studyOf(name)
      // A cursor is what this function returned before; one of a study that was removed since stands at the beginning.
      const cursor = since as MemoryCursor | undefined
      return readSince(study, cursor?.study === study ? cursor : { study, from: 0, at: study.changes.length }, limit)
    },
    async setAttributes(name, attributes, { system = false } = {}) {
      const study = studyOf(name)
      if (system) study.systemAttributes = withAttributes(study.systemAttributes, attributes)
      else study.attributes = withAttributes(study.attributes, attributes)
    },
    async [Symbol.asyncDispose]() {}
  }
}

function newStudy(spec: StudySpec): MemoryStudy {
  return {
    name: spec.name,
    directions: Object.freeze([...spec.directions]),
    ...(spec.metricNames ? { metricNames: Object.freeze([...spec.metricNames]) } : {}),
    attributes: withAttributes(nothing, spec.attributes),
    systemAttributes: withAttributes(nothing, spec.systemAttributes),
    trials: [],
    waiting: [],
    head: 0,
    changes: []
  }
}

function specOf({ name, directions, metricNames, attributes, systemAttributes }: MemoryStudy): StudySpec {
  return { name, directions, ...(metricNames ? { metricNames } : {}), attributes, systemAttributes }
}

function created(study: MemoryStudy, number: number, trial: NewTrial, now: number): TrialRecord {
  const { params, distributions, end } = trial
  const state: TrialState = end ? 'running' : trial.state
  const record = trialRecord({
    number,
    state,
    values: none,
    params: kept(params),
    distributions: kept(distributions),
    reports: none,
    attributes: withAttributes(nothing, trial.attributes),
    systemAttributes: withAttributes(nothing, trial.systemAttributes),
    startedAt: state === 'running' ? new Date(now) : undefined
  })
  return end ? finished({ record, pending: undefined, steps: undefined }, study.directions.length, end, now) : record
}

/** A frozen object cannot change any more; another one is copied. */
function kept<T extends object>(given: T | undefined): T | Readonly<Record<string, never>> {
  return given === undefined ? nothing : Object.isFrozen(given) ? given : { ...given }
}

function finished(trial: MemoryTrial, objectives: number, end: TrialEnd, now: number): TrialRecord {
  const { outcome } = end
  if (outcome.state === 'complete') assertValues(outcome.value, objectives)
  const parts = mergedParts(trial.record, end)
  let systemAttributes = parts?.systemAttributes ?? trial.record.systemAttributes
  if (outcome.constraints) {
    const constraints: Record<string, Json> = {}
    for (const name in outcome.constraints) constraints[systemKeys.constraint + name] = outcome.constraints[name] as number
    systemAttributes = withAttributes(systemAttributes, constraints)
  }
  if (outcome.reusedFrom !== undefined) systemAttributes = withAttributes(systemAttributes, { [systemKeys.reusedFrom]: outcome.reusedFrom })
  if (outcome.reports && outcome.reports.length > 0) report(trial, outcome.reports)
  const { number, params, distributions, reports, attributes, startedAt } = recordOf(trial)
  return trialRecord({
    number,
    state: outcome.state,
    values: finishedValues(outcome, reports, objectives).slice(),
    params: parts?.params ?? params,
    distributions: parts?.distributions ?? distributions,
    reports,
    attributes: parts?.attributes ?? attributes,
    systemAttributes,
    startedAt,
    finishedAt: new Date(now)
  })
}

/** What a change adds to a record, apart from reports; undefined when that is nothing. */
function mergedParts(record: TrialRecord, change: TrialChange | TrialEnd): Partial<TrialRecord> | undefined {
  const { params, distributions, attributes, systemAttributes } = change
  if (!params && !distributions && !attributes && !systemAttributes) return undefined
  // Twice the old ones: they keep their place and their value.
  const merged = <T extends object>(before: T, added: T): T => (isEmpty(before) ? (kept(added) as T) : { ...before, ...added, ...before })
  const parts: { -readonly [K in keyof TrialRecord]?: TrialRecord[K] } = {}
  if (params) parts.params = merged(record.params, params)
  if (distributions) parts.distributions = merged(record.distributions, distributions)
  if (attributes) parts.attributes = withAttributes(record.attributes, attributes)
  if (systemAttributes) parts.systemAttributes = withAttributes(record.systemAttributes, systemAttributes)
  return parts
}

/** Adds attributes as a file would give them back; a constraint that is there stands. */
function withAttributes(before: Attributes, added: Attributes | undefined): Attributes {
  if (!added || isEmpty(added)) return before
  const all: Record<string, Json> = { ...before }
  for (const key of Object.keys(added)) {
    const value = added[key]
    if (value === undefined) continue
    assertJson(key, value)
    const constraint = key.startsWith(systemKeys.constraint)
    if (constraint && Object.hasOwn(all, key)) continue
    all[key] = typeof value === 'string' || (constraint && typeof value === 'number') ? value : stored(value, key)
  }
  return Object.freeze(all)
}

function isEmpty(object: object): boolean {
  for (const _ in object) return false
  return true
}

/** A frozen copy, as a file would give it back: a number that JSON does not have as the text that Python writes for it. */
function stored(value: Json, key: string): Json {
  if (typeof value === 'number' && !Number.isFinite(value))
    return key === systemKeys.constraints ? value : Object.freeze({ $python: String(value) })
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return Object.freeze(value.map(item => stored(item, key)))
  const entries = Object.entries(value as Readonly<Record<string, Json>>).filter(([, item]) => item !== undefined)
  return Object.freeze(Object.fromEntries(entries.map(([name, item]) => [name, stored(item, key)])))
}

/** Appends reports of steps that have none yet; they enter the record when somebody reads it. */
function report(trial: MemoryTrial, reports: readonly Report[]): void {
  trial.steps ??= new Set(trial.record.reports.map(report => report.step))
  trial.pending ??= trial.record.reports.slice()
  for (const { step, value } of reports) {
    if (trial.steps.has(step)) continue
    trial.steps.add(step)
    trial.pending.push(Object.freeze({ step, value }))
  }
}

function recordOf(trial: MemoryTrial): TrialRecord {
  if (trial.pending && trial.pending.length !== trial.record.reports.length)
    trial.record = trialRecord({ ...trial.record, reports: trial.pending.slice() })
  return trial.record
}

function readSince(study: MemoryStudy, cursor: MemoryCursor, limit: number): { trials: readonly TrialRecord[]; cursor: MemoryCursor } {
  const trials: TrialRecord[] = []
  const { trials: all, changes } = study
  let seen: Set<number> | undefined
  let { from, at } = cursor
  for (; at < changes.length && trials.length < limit; at++) {
    const number = changes[at] as number
    // What is new to this reader follows below, as it is by now.
    if (number >= from || seen?.has(number)) continue
    seen ??= new Set()
    seen.add(number)
    trials.push(recordOf(all[number] as MemoryTrial))
  }
  for (; from < all.length && trials.length < limit; from++) {
    const trial = all[from] as MemoryTrial
    if (trial.record.state !== 'waiting') trials.push(recordOf(trial))
  }
  return { trials, cursor: { study, from, at } }
}
