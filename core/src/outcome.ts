import { problem, StudyError, show, TrialPruned } from './errors.ts'
import { spellsNumber } from './python/values.ts'
import { type Json, type Outcome, systemKeys, type TrialOutcome } from './trial.ts'

/**
 * What an objective returned, as an outcome: complete, or failed with a sentence that says what is wrong with it. A boolean counts as 0 or 1, as
 * in Optuna.
 */
export function outcomeOf(result: unknown, objectives: number): TrialOutcome {
  const values: unknown[] = Array.isArray(result) ? [...result] : [result]
  if (values.length !== objectives) {
    // One wrong value says more than a wrong count of them.
    if (objectives > 1 || Array.isArray(result)) return invalid(problem('VALUE_COUNT', objectives, values.length))
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (typeof value === 'boolean') values[i] = Number(value)
    else if (typeof value !== 'number') return invalid(problem('VALUE_INVALID', value))
    else if (Number.isNaN(value)) return invalid(problem('VALUE_NAN'))
  }
  return { state: 'complete', value: values as number[] }
}

/** What an objective threw, as an outcome. */
export function outcomeOfError(error: unknown): TrialOutcome {
  if (error instanceof TrialPruned || (error instanceof Error && error.name === 'TrialPruned'))
    return error.message === '' ? { state: 'pruned' } : { state: 'pruned', reason: error.message }
  return { state: 'failed', error, cause: 'threw' }
}

/**
 * What was told, as an outcome; the rules are Optuna's. A bare value that is none fails its trial; an outcome that says it is complete must have
 * its values, and one that is pruned or failed has none. Throws for what is neither, and for a number that is spelled as a text.
 */
export function outcomeToTell(result: unknown, objectives: number): TrialOutcome {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    assertNoSpelledNumber(result)
    return outcomeOf(result, objectives)
  }
  const { state, value } = result as { readonly state: unknown; readonly value?: unknown }
  if ((state === 'pruned' || state === 'failed') && value !== undefined && value !== null) throw problem('OUTCOME_VALUE', state, value)
  const outcome = checkedOutcome(result, objectives)
  if (state === 'complete' && outcome.state === 'failed') throw outcome.error
  return outcome
}

/** An outcome of either form with one number per objective; a complete one whose values are none has failed. Throws for what is no outcome. */
export function checkedOutcome(result: unknown, objectives: number): TrialOutcome {
  const given = assertOutcome(result as Outcome<unknown>)
  if (given.state !== 'complete') return given
  const outcome = outcomeOf(given.value, objectives)
  return outcome.state === 'complete' ? { ...given, value: outcome.value } : outcome
}

/** The same outcome; throws for what is none. Its values are not looked at. */
export function assertOutcome<V>(result: Outcome<V>): Outcome<V> {
  const state: unknown = result?.state
  if (state !== 'complete' && state !== 'pruned' && state !== 'failed') throw problem('OUTCOME_STATE', state)
  return result
}

/** Python takes a text for the sequence of its characters. */
function assertNoSpelledNumber(result: unknown): void {
  const values = Array.isArray(result) ? result : typeof result === 'string' ? [...result] : []
  for (const value of values) if (typeof value === 'string' && spellsNumber(value)) throw problem('VALUE_TEXT', result)
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

function invalid(error: StudyError): TrialOutcome {
  return { state: 'failed', error, cause: 'invalid' }
}

/** Says on the console why a trial failed, where nobody would hear of it otherwise. */
export function warnOfFailure(trial: number, error: unknown): void {
  console.warn(`Trial ${trial} failed: ${error instanceof StudyError ? error.message : show(error)}`)
}
