/** Work that can be interrupted: each yield says how many rows more are done. */
export type Sliced<T> = Generator<number, T, void>

// Some milliseconds of the slowest kind of work.
const sliceRows = 2 ** 16
const longestTurnMs = 5

/** Calls `work` for the rows from `begin` to `end`, slice by slice. */
export function* inRows(rows: number, work: (begin: number, end: number) => void): Sliced<void> {
  for (let begin = 0; begin < rows; begin += sliceRows) {
    const end = Math.min(begin + sliceRows, rows)
    work(begin, end)
    yield end - begin
  }
}

/**
 * Does the work in turns of some milliseconds, with the event loop in between, and reports how many rows are done after each. Work of one turn is
 * done at once. Rejects with the signal's reason.
 */
export async function inTurns<T>(work: Sliced<T>, signal: AbortSignal, report: (rows: number) => void): Promise<T> {
  let rows = 0
  let turned = performance.now()
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    rows += value
    if (performance.now() - turned < longestTurnMs) continue
    report(rows)
    await new Promise<void>(resolve => setImmediate(resolve))
    signal.throwIfAborted()
    turned = performance.now()
  }
}
