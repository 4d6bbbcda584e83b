import { problem } from '../errors.ts'
import { ofType, type StudyEvent } from '../events.ts'
import type { Plugin, PluginContext } from '../plugin.ts'
import { Pace } from './pace.ts'
import { type ProgressDisplay, startDisplay } from './progress-display.ts'
import { Tally } from './tally.ts'
import { hasUnicode, type ProgressStream } from './terminal.ts'

export interface ProgressOptions {
  /**
   * Trials of the whole study, those of earlier runs included. Default: what `trials` or `until` of `optimize` comes to. Where nothing says it, as in a
   * hand-written loop, there is no bar and no time left.
   */
  readonly total?: number
  /** What the line begins with. Default: the study's name, or nothing for a study without one. */
  readonly label?: string
  /** Default `process.stderr`. */
  readonly stream?: ProgressStream
  /** Whether the bar may use characters beyond ASCII. Default: where LC_ALL, LC_CTYPE or LANG says UTF-8. */
  readonly unicode?: boolean
  /** Milliseconds of a clock that only grows; for tests. Default `performance.now`. */
  readonly now?: () => number
  /** Calls `work` every so many milliseconds until disposed of; for tests. Default `setInterval`, which does not keep the process alive. */
  readonly every?: (milliseconds: number, work: () => void) => Disposable
}

/**
 * Shows how far a study is: a bar where the stream is a terminal, redrawn at most twelve times a second; otherwise a line at the start, at
 * each improvement, at least once a minute, and at the end. Starts with the first event and ends with `optimize`, or, in a hand-written
 * loop, when the study closes. Trials that exist when the study opens count as done; what other workers do meanwhile is not seen. A stream
 * that breaks ends the display, not the run.
 */
export function progress(options: ProgressOptions = {}): Plugin {
  const { total } = options
  if (total !== undefined && !(Number.isSafeInteger(total) && total > 0)) throw problem('OPTION', 'total', 'a whole number > 0', total)
  return {
    name: 'progress',
    install: async study => {
      const tally = new Tally(study.directions)
      for await (const record of study.trials()) tally.addEarlier(record)
      const shown = new ShownStudy(study, tally, options)
      const subscription = study.events$.pipe(ofType(...watched)).subscribe(event => shown.on(event))
      study.scope.defer(() => {
        subscription.unsubscribe()
        shown.end()
      })
    }
  }
}

const watched = [
  'study.started',
  'study.finished',
  'study.improved',
  'trial.started',
  'trial.completed',
  'trial.pruned',
  'trial.failed'
] as const

/** One study's way from events to its display. */
class ShownStudy {
  readonly #tally: Tally
  readonly #options: ProgressOptions
  readonly #label: string
  readonly #now: () => number
  #run: { readonly display: ProgressDisplay; readonly pace: Pace; readonly timer: Disposable } | undefined
  #isOver = false
  #total: number | undefined

  constructor(study: PluginContext, tally: Tally, options: ProgressOptions) {
    this.#tally = tally
    this.#options = options
    this.#label = options.label ?? (study.name.startsWith('no-name-') ? '' : study.name)
    this.#now = options.now ?? (() => performance.now())
    this.#total = options.total
  }

  on(event: StudyEvent<(typeof watched)[number]>): void {
    if (event.type === 'study.finished') {
      this.end()
      return
    }
    if (event.type === 'study.started') this.#total = this.#options.total ?? event.total
    const { display, pace } = this.#begun()
    if (event.type === 'study.improved') {
      this.#tally.best = event.record
      display.improved()
    } else if (event.type === 'trial.completed' || event.type === 'trial.pruned' || event.type === 'trial.failed') {
      this.#tally.add(event.record)
      pace.told(this.#now())
      display.changed()
    }
  }

  /** Writes the last line; the next event begins anew. */
  readonly end = (): void => {
    if (!this.#run) return
    const { display, timer } = this.#run
    timer[Symbol.dispose]()
    process.off('exit', this.end)
    this.#isOver = true
    display.end()
    this.#run = undefined
  }

  #begun(): { readonly display: ProgressDisplay; readonly pace: Pace } {
    if (this.#run) return this.#run
    const { stream = process.stderr, unicode = hasUnicode(), every = unrefInterval } = this.#options
    this.#isOver = false
    const pace = new Pace(this.#now())
    const snapshot = () => {
      const now = this.#now()
      const total = this.#total
      const left = total === undefined ? undefined : pace.leftMs(Math.max(0, total - this.#tally.told), now)
      return {
        label: this.#label,
        // A study may have more trials than this run was to reach.
        ...(total === undefined ? {} : { total: Math.max(total, this.#tally.told) }),
        tally: this.#tally,
        elapsedMs: pace.elapsedMs(now),
        ...(left === undefined ? {} : { leftMs: left }),
        isOver: this.#isOver
      }
    }
    const display = startDisplay(stream, { snapshot, now: this.#now }, unicode)
    // A program that exits in the middle leaves a whole line behind, too.
    process.on('exit', this.end)
    this.#run = { display, pace, timer: every(display.tickMs, () => display.tick()) }
    return this.#run
  }
}

function unrefInterval(milliseconds: number, work: () => void): Disposable {
  return setInterval(work, milliseconds).unref()
}
