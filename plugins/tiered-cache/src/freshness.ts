import { failure } from './errors.ts'
import type { TableRequest } from './key.ts'

/**
 * Until when a table that was loaded at `loadedAt` is fresh. Both are milliseconds since the epoch; `Infinity` is for ever. It must say the same
 * whenever it is asked.
 */
export type Freshness = (request: TableRequest, loadedAt: number) => number

/** When a market trades: the user's, because no library knows all of them. */
export interface MarketCalendar {
  /** The session that is open at a time (milliseconds since the epoch), or else the next one; undefined when the calendar ends before. */
  session(at: number): MarketSession | undefined
}

export interface MarketSession {
  readonly open: Date
  readonly close: Date
}

const hour = 3_600_000
// Bars of a day change once a day, those of minutes with each bar or soon after.
const usualTtl: Readonly<Record<string, number>> = { '1d': 24 * hour, '1h': hour, '5m': 300_000, '1m': 300_000 }

/** For tables that never change: the default. */
const neverStale: Freshness = () => Number.POSITIVE_INFINITY

/** For so many milliseconds, by resolution. Default: a day for `1d`, five minutes for `5m` and `1m`, an hour for all others. Throws for what is no time. */
function ttl(byResolution: Readonly<Record<string, number>> = {}): Freshness {
  if (typeof byResolution !== 'object' || byResolution === null) throw failure('TIERED_TTLS', [byResolution])
  for (const [resolution, ms] of Object.entries(byResolution)) if (!(ms >= 0)) throw failure('TIERED_TTL', [resolution, ms])
  const known: Readonly<Record<string, number>> = { ...usualTtl, ...byResolution }
  return ({ resolution }, loadedAt) => loadedAt + (Object.hasOwn(known, resolution) ? (known[resolution] ?? hour) : hour)
}

/** Until the market closes next, which is when a day's bar is complete. Where the calendar ends: a day. */
function untilMarketClose(calendar: MarketCalendar): Freshness {
  checkCalendar(calendar)
  return (_request, loadedAt) => calendar.session(loadedAt)?.close.getTime() ?? loadedAt + 24 * hour
}

/** While the market is open for the time that `whileOpen` says, but not beyond its close; while it is closed until it opens. */
function hybrid(calendar: MarketCalendar, whileOpen: Freshness = ttl()): Freshness {
  checkCalendar(calendar)
  return (request, loadedAt) => {
    const session = calendar.session(loadedAt)
    if (!session) return whileOpen(request, loadedAt)
    if (session.open.getTime() > loadedAt) return session.open.getTime()
    return Math.min(whileOpen(request, loadedAt), Math.max(session.close.getTime(), loadedAt))
  }
}

/** The calendar of a list of sessions, in any order. */
function sessions(list: readonly MarketSession[]): MarketCalendar {
  if (!Array.isArray(list)) throw failure('TIERED_SESSION', [list])
  for (const session of list) if (!isSession(session)) throw failure('TIERED_SESSION', [session])
  const sorted = list.toSorted((a, b) => a.close.getTime() - b.close.getTime())
  return {
    session: at => {
      let from = 0
      let to = sorted.length
      while (from < to) {
        const middle = (from + to) >> 1
        if ((sorted[middle]?.close.getTime() ?? 0) <= at) from = middle + 1
        else to = middle
      }
      return sorted[from]
    }
  }
}

function checkCalendar(calendar: MarketCalendar): void {
  if (typeof calendar?.session !== 'function') throw failure('TIERED_CALENDAR', [calendar])
}

function isSession(session: unknown): boolean {
  if (typeof session !== 'object' || session === null || !('open' in session && 'close' in session)) return false
  const { open, close } = session
  // An invalid Date is smaller than none.
  return open instanceof Date && close instanceof Date && open.getTime() < close.getTime()
}

/** Policies of freshness, and `sessions`, which makes a calendar for those that ask for one. */
export const freshness: {
  readonly neverStale: Freshness
  readonly ttl: typeof ttl
  readonly untilMarketClose: typeof untilMarketClose
  readonly hybrid: typeof hybrid
  readonly sessions: typeof sessions
} = { neverStale, ttl, untilMarketClose, hybrid, sessions }
