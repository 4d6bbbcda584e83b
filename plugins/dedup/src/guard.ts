/** Who holds a claim. `worker` is the text of a worker's identity. */
export interface Owner {
  readonly study: string
  readonly trial: number
  readonly worker: string
}
/** `mine`: evaluate it, with `from` when it was taken over from another trial's dead worker; `running`: another one does; `known`: another one did. */
export type Claim = { readonly kind: 'mine'; readonly from?: Owner } | { readonly kind: 'running' | 'known'; readonly by: Owner }

/**
 * Knows which signatures are being evaluated or were. What it holds can be rebuilt from the study: a lost row costs a second evaluation, never
 * a wrong answer, because an answer is always read from the study's own record.
 */
export interface SignatureGuard extends AsyncDisposable {
  /** The one atomic step. A claim of the same study and trial is its own, whichever process asks; one whose process died, or whose lease of 60 s ran out on another host, is taken over. */
  claim(signature: string, by: Owner): Promise<Claim>
  /** The evaluation has been told. Batched; what a crash loses is rebuilt from the study. */
  settle(signature: string, by: Owner): Promise<void>
  /** Gives up what this owner holds; nothing happens when another one does. */
  release(signature: string, by: Owner): Promise<void>
  /** Renews the leases of these owners' trials, whose worker they are from now on. */
  renew(by: readonly Owner[]): Promise<void>
  /** What is known of these signatures; those of which nothing is known are left out. */
  lookup(signatures: readonly string[]): Promise<ReadonlyMap<string, Claim>>
  /** Adds signatures as known that are not held yet; resolves with how many were new. */
  addMany(signatures: readonly string[], by: Owner): Promise<number>
  count(): Promise<number>
}

/** Whether two owners are one trial. */
export function isSameTrial(a: Owner, b: Owner): boolean {
  return a.study === b.study && a.trial === b.trial
}

/** Whether two owners are one trial of one worker. */
export function isSameOwner(a: Owner, b: Owner): boolean {
  return isSameTrial(a, b) && a.worker === b.worker
}
