import { problem, StudyError } from './errors.ts'
import type { LiveTrial } from './live-trial.ts'
import { outcomeOf, outcomeOfError } from './outcome.ts'
import type { AnyObjective } from './study.ts'
import type { Trial, TrialOutcome } from './trial.ts'

/** Milliseconds that a timer can wait, 24.8 days; one that is set to more rings at once. */
export const longestTimer: number = 2 ** 31 - 1

export interface EvaluationOptions {
  /** How many values the objective must return. */
  readonly objectives: number
  /** Milliseconds. */
  readonly trialTimeout?: number
}

/**
 * The centre of the phase `evaluate`: runs the objective and never rejects; what ends at once is not waited for. An aborted or timed-out trial has its outcome at once; what its
 * promise still does is ignored.
 */
export function evaluate(live: LiveTrial, objective: AnyObjective, options: EvaluationOptions): TrialOutcome | Promise<TrialOutcome> {
  const { objectives, trialTimeout } = options
  if (live.isAborted) return aborted(live.abortReason)
  live.writes.reopen()
  let result: unknown
  try {
    result = typeof objective === 'function' ? objective(live as never) : objective.evaluate(live.params, live as Trial<unknown>)
  } catch (error) {
    live.writes.settle()
    return outcomeOfError(error)
  }
  if (!isThenable(result)) {
    live.writes.settle()
    return outcomeOf(result, objectives)
  }
  const pending = result
  return new Promise(resolve => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const ends = (outcome: TrialOutcome): void => {
      clearTimeout(timer)
      live.writes.settle()
      resolve(outcome)
    }
    live.whenAborted(reason => ends(aborted(reason)))
    if (trialTimeout !== undefined)
      timer = setTimeout(
        () => {
          const error = problem('TIMED_OUT', trialTimeout)
          ends({ state: 'failed', error, cause: 'timeout' })
          live.abort(error)
        },
        Math.min(trialTimeout, longestTimer)
      )
    pending.then(
      value => ends(outcomeOf(value, objectives)),
      error => ends(outcomeOfError(error))
    )
  })
}

function aborted(reason: unknown): TrialOutcome {
  // A second evaluation of a trial whose time was up in the first.
  if (reason instanceof StudyError && reason.code === 'TIMED_OUT') return { state: 'failed', error: reason, cause: 'timeout' }
  return { state: 'failed', error: reason ?? problem('ABORTED'), cause: 'aborted' }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
