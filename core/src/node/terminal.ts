/** A stream to show progress on; `process.stderr` is one. */
export type ProgressStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  /** Width of the terminal in characters. */
  readonly columns?: number
  hasColors?(): boolean
}
/** The variables that say what a terminal can show. */
export type TerminalEnvironment = Readonly<
  Partial<Record<'TERM' | 'NO_COLOR' | 'LC_ALL' | 'LC_CTYPE' | 'LANG' | 'WT_SESSION', string | undefined>>
>

/** Whether a line can be drawn over: a terminal that moves its cursor. */
export function canRedraw(stream: ProgressStream, environment: TerminalEnvironment = process.env): boolean {
  return stream.isTTY === true && environment.TERM !== 'dumb'
}

/** Whether colours may be written: the stream has them and NO_COLOR is unset or empty. */
export function hasColours(stream: ProgressStream, environment: TerminalEnvironment = process.env): boolean {
  return !environment.NO_COLOR && stream.hasColors?.() === true
}

/** Whether the locale's characters are UTF-8: of LC_ALL, LC_CTYPE and LANG the first that is set decides. Windows Terminal has no locale. */
export function hasUnicode(environment: TerminalEnvironment = process.env): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG
  return locale ? /utf-?8/i.test(locale) : Boolean(environment.WT_SESSION)
}

/** Columns that a line may take. The last one stays free, because some terminals wrap when it is written. */
export function usableColumns({ columns }: ProgressStream): number {
  return (columns || 80) - 1
}

/**
 * Writes to a stream whose reader may leave: from then on nothing is written, and nothing is thrown. A run does not end because nobody looks
 * at its progress. Disposing gives the stream's errors back to others.
 */
export function openWriter(stream: NodeJS.WritableStream): { write(text: string): void } & Disposable {
  let isBroken = false
  const broke = (): void => {
    isBroken = true
  }
  stream.on('error', broke)
  return {
    write: text => {
      if (!isBroken) stream.write(text)
    },
    // The error of the last write comes in one of the next ticks.
    [Symbol.dispose]: () => void setImmediate(() => stream.off('error', broke))
  }
}
