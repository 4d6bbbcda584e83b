import { problem } from './errors.ts'
import { EventBus } from './event-bus.ts'
import type { Directions } from './objective.ts'
import { OpenStudy } from './open-study.ts'
import { assertStudyOptions } from './options.ts'
import { PluginHost } from './plugin-host.ts'
import { median } from './pruners/median.ts'
import { random } from './samplers/random.ts'
import { tpe } from './samplers/tpe/tpe.ts'
import { memory } from './storages/memory.ts'
import type { StudySpec, StudyStorage } from './storages/storage.ts'
import { directionList, type Study, type StudyOptions } from './study.ts'
import { StudyCore } from './study-core.ts'
import { systemKeys } from './trial.ts'

/**
 * Creates a study, or continues the one of that name: opens the storage, then installs the plugins in order. If something fails, what is open
 * closes in reverse. Rejects with a sentence for other directions or another seed than the stored ones.
 */
export async function createStudy<const D extends Directions = 'minimize'>(options: StudyOptions<D> = {}): Promise<Study<D>> {
  assertStudyOptions(options)
  if (typeof AsyncDisposableStack === 'undefined') throw problem('RUNTIME_TOO_OLD')
  const { clock = Date.now, storage = () => memory({ clock }) } = options
  const isOwn = typeof storage === 'function'
  const opened = isOwn ? await storage() : storage
  try {
    return await openStudy(opened, options, clock, isOwn)
  } catch (error) {
    return rejectAfter(error, async () => {
      if (isOwn) await opened[Symbol.asyncDispose]()
    })
  }
}

/** Rejects with an error when what was open has closed; an error of that comes beside the first one. */
async function rejectAfter(error: unknown, close: () => Promise<void>): Promise<never> {
  try {
    await close()
  } catch (another) {
    throw new SuppressedError(another, error)
  }
  throw error
}

async function openStudy<D extends Directions>(
  storage: StudyStorage,
  options: StudyOptions<D>,
  clock: () => number,
  ownsStorage: boolean
): Promise<Study<D>> {
  const directions = directionList(options.direction ?? 'minimize')
  const { sampler = directions.length > 1 ? random() : tpe(), pruner = median(), plugins = [] } = options
  // Without a direction D is 'minimize', its default.
  const direction = (options.direction ?? 'minimize') as D
  const spec = await openSpec(storage, options, direction)
  const bus = new EventBus(spec.name, clock)
  const abort = new AbortController()
  const seed = spec.systemAttributes?.[systemKeys.seed] as number
  const core = new StudyCore({ name: spec.name, directions: spec.directions, seed, storage, sampler, pruner, bus })
  const study = new OpenStudy<D>(core, direction, spec.attributes ?? {}, abort, ownsStorage)
  core.host = new PluginHost({
    name: spec.name,
    directions: spec.directions,
    bus,
    signal: abort.signal,
    trial: number => core.trial(number),
    trials: state => recordsOf(study, state)
  })
  try {
    await core.host.install(plugins)
    await core.sync()
    return study
  } catch (error) {
    abort.abort(error)
    return rejectAfter(error, () => core.host.dispose().finally(() => bus.complete()))
  }
}

async function* recordsOf(
  study: OpenStudy<Directions>,
  state?: Parameters<OpenStudy<Directions>['trials']>[0]
): ReturnType<Study['stream']> {
  for await (const record of study.stream()) if (state === undefined || record.state === state) yield record
}

/** The stored spec, checked against what was asked for, with a seed. */
async function openSpec<D extends Directions>(storage: StudyStorage, options: StudyOptions<D>, direction: D): Promise<StudySpec> {
  const { name = `no-name-${crypto.randomUUID()}`, seed, metricNames, ifExists = 'load', ifMissing = 'create' } = options
  const directions = directionList(direction)
  if (ifMissing === 'fail' && !(await storage.studies()).some(other => other.name === name)) throw problem('STUDY_UNKNOWN', name)
  const chosen = seed ?? (crypto.getRandomValues(new Uint32Array(1))[0] as number)
  const spec = await storage.open(
    { name, directions, ...(metricNames ? { metricNames } : {}), systemAttributes: { [systemKeys.seed]: chosen } },
    ifExists
  )
  if (spec.directions.join() !== directions.join())
    throw problem('STUDY_DIRECTIONS', name, spec.directions.join(', '), directions.join(', '))
  const stored = spec.systemAttributes?.[systemKeys.seed]
  if (typeof stored === 'number') {
    if (seed !== undefined && stored !== seed) throw problem('STUDY_SEED', name, stored, seed)
    return spec
  }
  // A study of Optuna's has no seed of ours yet.
  await storage.setAttributes(name, { [systemKeys.seed]: chosen }, { system: true })
  return { ...spec, systemAttributes: { ...spec.systemAttributes, [systemKeys.seed]: chosen } }
}
