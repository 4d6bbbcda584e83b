import { type Claim, isSameOwner, isSameTrial, type Owner, type SignatureGuard } from './guard.ts'
import { assertSignatures } from './signature.ts'

interface Held {
  readonly by: Owner
  readonly kind: 'running' | 'known'
}

/** Claims of this process alone, for as long as the object lives. No lease runs out: nobody outlives the process. */
export function openMemoryGuard(): SignatureGuard {
  const held = new Map<string, Held>()
  return {
    async claim(signature, by): Promise<Claim> {
      assertSignatures([signature])
      const claim = held.get(signature)
      if (claim && !isSameTrial(claim.by, by)) return claim
      held.set(signature, { by, kind: 'running' })
      return { kind: 'mine' }
    },
    async settle(signature, by) {
      assertSignatures([signature])
      const claim = held.get(signature)
      if (!claim || isSameTrial(claim.by, by)) held.set(signature, { by, kind: 'known' })
    },
    async release(signature, by) {
      const claim = held.get(signature)
      if (claim && isSameOwner(claim.by, by)) held.delete(signature)
    },
    async renew(owners) {
      for (const [signature, { by, kind }] of held) {
        const owner = kind === 'running' && owners.find(other => isSameTrial(other, by))
        if (owner) held.set(signature, { by: owner, kind })
      }
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
      assertSignatures(signatures)
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
