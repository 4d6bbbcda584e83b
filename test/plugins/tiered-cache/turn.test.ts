import { expect } from 'chai'
import type { Claim } from '../../../plugins/tiered-cache/src/lease.ts'
import { takeTurn } from '../../../plugins/tiered-cache/src/turn.ts'
import { rejection } from './workspace.ts'

const { signal } = new AbortController()

/** Answers one after the other, the last again and again. */
function inTurn<T>(...answers: readonly T[]): () => Promise<T> {
  let next = 0
  return async () => answers[Math.min(next++, answers.length - 1)] as T
}

describe('waiting for the turn to load', () => {
  it('ends at once for who gets the lease', async () => {
    const turn = await takeTurn({ claim: inTurn<Claim>('mine'), look: inTurn('table'), pollMs: 0, signal })
    expect(turn).to.deep.equal({ kind: 'load' })
  })

  it('finds what another process has loaded, and says that it waited', async () => {
    const turn = await takeTurn({ claim: inTurn<Claim>('taken', 'taken', 'present'), look: inTurn('table'), pollMs: 0, signal })
    expect(turn).to.deep.equal({ kind: 'found', value: 'table', waited: true })
  })

  it('finds what came in between without waiting', async () => {
    const turn = await takeTurn({ claim: inTurn<Claim>('present'), look: inTurn('table'), pollMs: 0, signal })
    expect(turn).to.deep.equal({ kind: 'found', value: 'table', waited: false })
  })

  it('loads after the other has failed, and when what is present cannot be read', async () => {
    expect(await takeTurn({ claim: inTurn<Claim>('taken', 'mine'), look: inTurn('table'), pollMs: 0, signal })).to.deep.equal({
      kind: 'load'
    })
    expect(await takeTurn({ claim: inTurn<Claim>('present'), look: inTurn(undefined), pollMs: 0, signal })).to.deep.equal({ kind: 'load' })
  })

  it("is left with the signal's reason", async () => {
    const abort = new AbortController()
    const waiting = rejection(takeTurn({ claim: inTurn<Claim>('taken'), look: inTurn('table'), pollMs: 60_000, signal: abort.signal }))
    abort.abort(new Error('enough'))
    expect((await waiting).message).to.equal('enough')
  })
})
