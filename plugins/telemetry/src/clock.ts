/** Milliseconds since the epoch. */
export type Clock = () => number

/** How far the two clocks of a machine may part, in milliseconds, before the wall clock is believed: suspended, or set by hand. */
const drift = 2

/** Milliseconds since the epoch with fractions: runs with the monotonic clock, and follows the wall clock where the two part. */
export function steadyClock(): Clock {
  let offset = Date.now() - performance.now()
  return () => {
    const wall = Date.now()
    const steady = performance.now() + offset
    if (Math.abs(wall - steady) <= drift) return steady
    offset += wall - steady
    return wall
  }
}
