import type { Attributes } from '@opentelemetry/api'
import type { StudyEvent } from '@rxtuna/core'
import { names, studyLabel } from './attributes.ts'
import type { Instruments } from './instruments.ts'

/** Counts what one study does. Labels are the study's name, states and plugins' names: nothing that grows with the number of trials. */
export class StudyMetrics {
  readonly #instruments: Instruments
  readonly #study: Attributes
  readonly #startedAt = new Map<number, number>()

  constructor(instruments: Instruments, study: string) {
    this.#instruments = instruments
    this.#study = { [names.study]: studyLabel(study) }
  }

  drawn(rejected: number): void {
    if (rejected > 0) this.#instruments.draws.add(rejected, this.#study)
  }

  abandoned(): void {
    this.#instruments.abandoned.add(1, this.#study)
  }

  trialStarted({ trial }: StudyEvent<'trial.started'>, askedAt: number, at: number): void {
    this.#startedAt.set(trial, askedAt)
    this.#instruments.askDuration.record(seconds(askedAt, at), this.#study)
  }

  trialEnded({ trial, record }: StudyEvent<'trial.completed' | 'trial.pruned' | 'trial.failed'>, at: number): void {
    const { trials, trialDuration } = this.#instruments
    const labels = { ...this.#study, [names.state]: record.state, [names.reused]: record.reusedFrom !== undefined }
    trials.add(1, labels)
    const startedAt = this.#startedAt.get(trial)
    if (startedAt === undefined) return
    this.#startedAt.delete(trial)
    trialDuration.record(seconds(startedAt, at), labels)
  }

  improved({ record }: StudyEvent<'study.improved'>): void {
    // With several objectives there is a front, and no single best.
    if (record.value !== undefined) this.#instruments.best.record(record.value, this.#study)
  }

  pluginFailed({ plugin }: StudyEvent<'plugin.failed'>): void {
    this.#instruments.failures.add(1, { ...this.#study, [names.plugin]: plugin })
  }
}

/** From one moment to another, both in milliseconds; never negative, though the machine's clock may be set back. */
function seconds(from: number, to: number): number {
  return Math.max(to - from, 0) / 1000
}
