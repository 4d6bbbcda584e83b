import { StudyError, sentences, TrialPruned } from './errors.ts'
import { type Evidence, type Json, type Outcome, systemKeys, type TrialOutcome } from './trial.ts'

/** What an objective returned, as an outcome: complete, or failed with a sentence that says what is wrong with it. */
export function outcomeOf(result: unknown, objectives: number): TrialOutcome {
  const values = Array.isArray(result) ? result : [result]
  if (values.length !== objectives) {
    // One wrong value says more than a wrong count of them.
    if (objectives > 1 || Array.isArray(result)) return invalid('VALUE_COUNT', sentences.VALUE_COUNT(objectives, values.length))
  }
  for (const value of values) {
    if (typeof value !== 'number') return invalid('VALUE_INVALID', sentences.VALUE_INVALID(value))
    if (Number.isNaN(value)) return invalid('VALUE_NAN', sentences.VALUE_NAN())
  }
  return { state: 'complete', value: values }
}

/** What an objective threw, as an outcome. */
export function outcomeOfError(error: unknown): TrialOutcome {
  if (error instanceof TrialPruned || (error instanceof Error && error.name === 'TrialPruned'))
    return error.message === '' ? { state: 'pruned' } : { state: 'pruned', reason: error.message }
  return { state: 'failed', error, cause: 'threw' }
}

/** What was told, as an outcome. A number, one per direction, or an outcome of either form. Throws for anything that is neither. */
export function outcomeToTell(result: unknown, objectives: number): TrialOutcome {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return outcomeOf(result, objectives)
  const { state } = result as Outcome<unknown>
  if (state === 'pruned' || state === 'failed') return result as TrialOutcome
  if (state !== 'complete') throw new StudyError('OUTCOME_STATE', sentences.OUTCOME_STATE(state))
  const { value, ...evidence } = result as Outcome<unknown> & { state: 'complete' }
  const outcome = outcomeOf(value, objectives)
  return outcome.state === 'complete' ? { ...(evidence as Evidence), ...outcome } : outcome
}

/** Why a trial failed or was pruned, as it is stored. */
function reasonOf(outcome: TrialOutcome): Json | undefined {
  if (outcome.state === 'pruned') return outcome.reason === undefined ? undefined : { name: 'TrialPruned', message: outcome.reason }
  if (outcome.state !== 'failed') return undefined
  const { error, cause = 'threw' } = outcome
  return error instanceof Error ? { name: error.name, message: error.message, cause } : { name: 'Error', message: String(error), cause }
}

/** The system attributes that follow from an outcome; undefined when there are none. */
export function outcomeAttributes(outcome: TrialOutcome): Readonly<Record<string, Json>> | undefined {
  const reason = reasonOf(outcome)
  const { reusedFrom } = outcome
  if (reason === undefined && reusedFrom === undefined) return undefined
  return {
    ...(reason === undefined ? {} : { [systemKeys.reason]: reason }),
    ...(reusedFrom === undefined ? {} : { [systemKeys.reusedFrom]: reusedFrom })
  }
}

function invalid(code: string, sentence: string): TrialOutcome {
  return { state: 'failed', error: new StudyError(code, sentence), cause: 'invalid' }
}
