import type { Claim } from './lease.ts'
import { pause } from './waiting.ts'

/** What waiting for one's turn came to: it is ours to load, or it was found; `waited` when another process loaded it meanwhile. */
export type Turn<T> = { readonly kind: 'load' } | { readonly kind: 'found'; readonly value: T; readonly waited: boolean }

export interface TurnOptions<T> {
  readonly claim: () => Promise<Claim>
  readonly look: () => Promise<T | undefined>
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** Waits until this process holds the lease, or the table is there. Rejects with the signal's reason. */
export async function takeTurn<T>({ claim, look, pollMs, signal }: TurnOptions<T>): Promise<Turn<T>> {
  let waited = false
  // What is present but cannot be read is not worth a fourth look.
  for (let looks = 0; looks < 3; ) {
    signal.throwIfAborted()
    const claimed = await claim()
    if (claimed === 'mine') break
    if (claimed === 'taken') {
      waited = true
      await pause(pollMs, signal)
      continue
    }
    looks++
    const value = await look()
    if (value !== undefined) return { kind: 'found', value, waited }
  }
  return { kind: 'load' }
}
