import { barText, lineText, type Snapshot } from './progress-text.ts'
import { canRedraw, hasColours, openWriter, type ProgressStream, usableColumns } from './terminal.ts'

/** Shows a run from its start to its end. `snapshot` is asked whenever something is written. */
export interface ProgressDisplay {
  /** How often `tick` wants to be called, in milliseconds. */
  readonly tickMs: number
  changed(): void
  improved(): void
  tick(): void
  end(): void
}
/** What a display reads: the state, and milliseconds of a clock that only grows. */
export interface ProgressSource {
  snapshot(): Snapshot
  now(): number
}

// Twelve times a second.
const redrawMs = 84
// So that no second is left out while trials take long.
const secondsMs = 500
// A line at least once a minute, when somebody looks every second.
const silenceMs = 59_000

/** A bar where the stream can redraw a line, else lines. Writes its beginning at once. */
export function startDisplay(stream: ProgressStream, source: ProgressSource, unicode: boolean): ProgressDisplay {
  return canRedraw(stream) ? startBar(stream, source, unicode) : startLines(stream, source)
}

function startBar(stream: ProgressStream, { snapshot, now }: ProgressSource, unicode: boolean): ProgressDisplay {
  const writer = openWriter(stream)
  const colours = hasColours(stream)
  let drawnAt = 0
  let isStale = false
  const draw = (): void => {
    drawnAt = now()
    isStale = false
    // The cursor goes back, so that a line of somebody else starts at the left and covers the bar.
    writer.write(`\r${barText(snapshot(), { columns: usableColumns(stream), unicode, colours })}\x1b[K\r`)
  }
  const changed = (): void => {
    isStale = true
    if (now() - drawnAt >= redrawMs) draw()
  }
  draw()
  return {
    tickMs: redrawMs,
    changed,
    improved: changed,
    tick: () => {
      if (isStale || now() - drawnAt >= secondsMs) draw()
    },
    end: () => {
      draw()
      writer.write('\n')
      writer[Symbol.dispose]()
    }
  }
}

function startLines(stream: ProgressStream, { snapshot, now }: ProgressSource): ProgressDisplay {
  const writer = openWriter(stream)
  let writtenAt = 0
  const line = (word: string): void => {
    writtenAt = now()
    writer.write(`${lineText(word, snapshot())}\n`)
  }
  const tick = (): void => {
    if (now() - writtenAt >= silenceMs) line('running')
  }
  line('start')
  return {
    tickMs: 1000,
    changed: tick,
    improved: () => line('better'),
    tick,
    end: () => {
      line('end')
      writer[Symbol.dispose]()
    }
  }
}
