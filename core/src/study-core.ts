import type { EventBus } from './event-bus.ts'
import { HistoryView, type ShownOfRunning } from './history-view.ts'
import type { LiveTrial } from './live-trial.ts'
import type { Direction } from './objective.ts'
import { OneByOne } from './one-by-one.ts'
import type { PluginHost } from './plugin-host.ts'
import type { Pruner } from './pruners/pruner.ts'
import type { Sampler } from './samplers/sampler.ts'
import type { Cursor, StudyStorage } from './storages/storage.ts'
import type { TrialRecord } from './trial.ts'
import { TrialLog } from './trial-log.ts'

const pageSize = 5000

/** What the parts of an open study share: its settings, what is known of its trials, and those that are live in this process. */
export class StudyCore {
  readonly name: string
  readonly directions: readonly Direction[]
  readonly seed: number
  readonly storage: StudyStorage
  readonly sampler: Sampler
  readonly pruner: Pruner
  readonly bus: EventBus
  readonly log: TrialLog
  readonly live: Map<number, LiveTrial> = new Map()
  /** Trials whose outcome is on its way to the storage, and whether one was read from there, as an improvement, before its `tell` went on. */
  readonly telling: { readonly number: number; improved: boolean }[] = []
  /** The attempt with which the next ask of this number begins: draws before it made the space throw, and would again. */
  spoiled: { readonly number: number; readonly attempt: number } = { number: -1, attempt: 0 }
  /** Told before it is complete, so set once and not in the constructor: the host needs the study. */
  host!: PluginHost
  #cursor: Cursor
  readonly #syncs = new OneByOne()
  readonly #shown: ShownOfRunning
  /** Of trials that draw while they run: what they have drawn by now is a matter of time. */
  readonly #shownLater: ShownOfRunning

  constructor(parts: Pick<StudyCore, 'name' | 'directions' | 'seed' | 'storage' | 'sampler' | 'pruner' | 'bus'>) {
    this.name = parts.name
    this.directions = parts.directions
    this.seed = parts.seed
    this.storage = parts.storage
    this.sampler = parts.sampler
    this.pruner = parts.pruner
    this.bus = parts.bus
    this.log = new TrialLog(parts.directions)
    const attributes = parts.sampler.drawKeys ?? []
    this.#shown = { params: true, attributes }
    this.#shownLater = { params: false, attributes }
  }

  /** Reads what changed in the storage since the last time. A failed read is its caller's; the next one tries again. */
  sync(): Promise<void> {
    return this.#syncs.run(this.#readAll)
  }

  readonly #readAll = async (): Promise<void> => {
    for (;;) {
      const { trials, cursor } = await this.storage.read(this.name, this.#cursor, pageSize)
      this.#cursor = cursor
      for (const record of trials) {
        const telling = this.log.add(record) ? this.telling.find(({ number }) => number === record.number) : undefined
        if (telling) telling.improved = true
      }
      if (trials.length < pageSize) return
    }
  }

  /** `horizon` as in a deterministic run; `drawsLater` when its trials draw while they run. */
  view(trial: number, attempt: number, horizon?: number, drawsLater = false): HistoryView {
    return new HistoryView(
      this.name,
      this.log,
      this.seed,
      trial,
      attempt,
      drawsLater ? this.#shownLater : this.#shown,
      horizon,
      this.#drawn
    )
  }

  /** A record with what its trial has drawn by now, stored or not. */
  readonly #drawn = (record: TrialRecord): TrialRecord => {
    const live = record.state === 'running' ? this.live.get(record.number) : undefined
    return live?.drawsLater ? live.withDrawn(record) : record
  }

  async trial(number: number): Promise<TrialRecord | undefined> {
    const known = this.log.get(number)
    if (known && known.state !== 'running' && known.state !== 'waiting') return known
    await this.sync()
    return this.log.get(number)
  }
}
