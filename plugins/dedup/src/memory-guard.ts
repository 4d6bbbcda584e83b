import { type Claim, isSameTrial, type Owner, type SignatureGuard } from './guard.ts'

interface Held {
  readonly by: Owner
  readonly kind: 'running' | 'known'
}

/** Claims of this process alone, for as long as the object lives. */
export function openMemoryGuard(): SignatureGuard {
  const held = new Map<string, Held>()
  const holds = (signature: string, by: Owner): boolean => {
    const claim = held.get(signature)
    return claim !== undefined && isSameTrial(claim.by, by)
  }
  return {
    async claim(signature, by): Promise<Claim> {
      const claim = held.get(signature)
      if (claim && !isSameTrial(claim.by, by)) return claim
      held.set(signature, { by, kind: 'running' })
      return { kind: 'mine' }
    },
    async settle(signature, by) {
      if (holds(signature, by)) held.set(signature, { by, kind: 'known' })
    },
    async release(signature, by) {
      if (holds(signature, by)) held.delete(signature)
    },
    async renew() {
      // Nobody outlives this process.
    },
    async lookup(signatures) {
      const found = new Map<string, Claim>()
      for (const signature of signatures) {
        const claim = held.get(signature)
        if (claim) found.set(signature, claim)
      }
      return found
    },
    async addMany(signatures, by) {
      let added = 0
      for (const signature of signatures) {
        if (held.has(signature)) continue
        held.set(signature, { by, kind: 'known' })
        added++
      }
      return added
    },
    count: async () => held.size,
    async [Symbol.asyncDispose]() {
      held.clear()
    }
  }
}
