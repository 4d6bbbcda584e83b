import { ofType } from '../events.ts'
import type { Directions } from '../objective.ts'
import type { Study } from '../study.ts'
import { canRedraw, openWriter, type ProgressStream } from './terminal.ts'

export interface InterruptOptions {
  /** The command that goes on where the program stopped; said when the handler is disposed of after an interrupt. */
  readonly resume?: string
  /** Default `process.stderr`. */
  readonly stream?: ProgressStream
  /** Where signals come from and what exits; for tests. Default `process`. */
  readonly process?: InterruptibleProcess
  /** Milliseconds of a clock that only grows; for tests. Default `performance.now`. */
  readonly now?: () => number
}
/** What the handler uses of `process`. */
export interface InterruptibleProcess {
  readonly env: { readonly [name: string]: string | undefined }
  exitCode?: number | string | null | undefined
  on(signal: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: (signal: NodeJS.Signals) => void): unknown
  exit(code: number): void
}
export interface InterruptHandler extends Disposable {
  /** Whether a signal came. A hand-written loop asks it before each `ask`. */
  readonly interrupted: boolean
  /** 130 after Ctrl-C (SIGINT), 143 after SIGTERM; undefined when no signal came. */
  readonly exitCode: 130 | 143 | undefined
}

/**
 * Lets Ctrl-C end a study in good order, and a second one at once:
 *
 * ```ts
 * using interrupt = handleInterrupt(study, { resume: 'node search.ts' })
 * ```
 *
 * The first SIGINT or SIGTERM says how many trials are still in flight, calls `study.stop()` (also for a run that begins later) and sets
 * `process.exitCode` to 130, or 143. `optimize` then resolves with the reason `stopped` when they have settled, and the program prints its
 * result and ends as it always does. The second signal exits at once with its code. Create it before `optimize`: it counts what it has seen
 * start. Under npm one Ctrl-C can arrive twice, from the terminal and from npm; within 50 ms that counts as one. Disposing removes the listeners and, after an interrupt, says how to resume.
 */
export function handleInterrupt<D extends Directions>(
  study: Pick<Study<D>, 'events$' | 'stop'>,
  options: InterruptOptions = {}
): InterruptHandler {
  const { resume, stream = process.stderr, process: host = process as InterruptibleProcess, now = () => performance.now() } = options
  const inFlight = new Set<number>()
  let exitCode: 130 | 143 | undefined
  let firstAt = 0

  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGTERM' ? 143 : 130
    if (exitCode !== undefined) {
      const isEcho = host.env.npm_lifecycle_event !== undefined && code === exitCode && now() - firstAt < echoMs
      if (!isEcho) host.exit(code)
      return
    }
    exitCode = code
    host.exitCode = code
    firstAt = now()
    const { happened, again } = words[code]
    say(stream, `${happened}: ${whatIsLeft(inFlight.size)}; ${again}.`)
    study.stop()
  }
  const subscription = study.events$
    .pipe(ofType('study.started', 'trial.started', 'trial.completed', 'trial.pruned', 'trial.failed'))
    .subscribe(event => {
      if (event.type === 'trial.started') inFlight.add(event.trial)
      else if (event.type !== 'study.started') inFlight.delete(event.trial)
      // The run can be stopped once `optimize` has returned its promise.
      else if (exitCode !== undefined) queueMicrotask(() => study.stop())
    })
  host.on('SIGINT', onSignal)
  host.on('SIGTERM', onSignal)

  return {
    get interrupted() {
      return exitCode !== undefined
    },
    get exitCode() {
      return exitCode
    },
    [Symbol.dispose]: () => {
      subscription.unsubscribe()
      host.off('SIGINT', onSignal)
      host.off('SIGTERM', onSignal)
      if (exitCode !== undefined && resume !== undefined) say(stream, `Resume with: ${resume}`)
    }
  }
}

const echoMs = 50
const words = {
  130: { happened: 'Interrupted', again: 'press Ctrl-C again to exit at once' },
  143: { happened: 'Terminated', again: 'a second signal exits at once' }
} as const

function whatIsLeft(trials: number): string {
  if (trials === 0) return 'no trial is in flight'
  return `letting ${trials} ${trials === 1 ? 'trial' : 'trials'} finish`
}

/** One line of its own: a bar that stands there, and the terminal's ^C, are cleared. */
function say(stream: ProgressStream, sentence: string): void {
  using writer = openWriter(stream)
  writer.write(`${canRedraw(stream) ? '\r\x1b[K' : ''}${sentence}\n`)
}
