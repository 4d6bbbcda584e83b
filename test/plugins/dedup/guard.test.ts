import { mkdtempSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWorker } from '@rxtuna/core/node'
import { type Owner, openMemoryGuard, openSqliteGuard, paramSignature, type SignatureGuard } from '@rxtuna/dedup'
import { expect } from 'chai'
import { failure } from './errors.ts'

const directory = mkdtempSync(join(tmpdir(), 'rxtuna-guard-'))
let files = 0
const kinds: Readonly<Record<string, () => Promise<SignatureGuard>>> = {
  'a memory guard': async () => openMemoryGuard(),
  'a SQLite guard': () => openSqliteGuard({ path: join(directory, `${files++}.db`) })
}

const signature = (x: number): string => paramSignature({ x })
const one = openWorker()
const two = openWorker()
const owner = (trial: number, { worker } = one): Owner => ({ study: 'study', trial, worker: JSON.stringify(worker) })
const mine = { kind: 'mine' }

after(() => rmSync(directory, { recursive: true }))

for (const [name, open] of Object.entries(kinds))
  describe(name, () => {
    it('gives a signature to the first that claims it, and tells the others who runs it and who ran it', async () => {
      await using guard = await open()
      expect(await guard.claim(signature(1), owner(0))).to.deep.equal(mine)
      expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'running', by: owner(0) })
      await guard.settle(signature(1), owner(0))
      expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'known', by: owner(0) })
      expect(await guard.claim(signature(2), owner(1))).to.deep.equal(mine)
    })

    it('takes a claim of the same study and trial for its own, whichever worker asks; another study is another', async () => {
      await using guard = await open()
      await guard.claim(signature(1), owner(0))
      expect(await guard.claim(signature(1), owner(0))).to.deep.equal(mine)
      expect(await guard.claim(signature(1), owner(0, two))).to.deep.equal(mine)
      expect(await guard.claim(signature(1), { ...owner(0), study: 'other' })).to.include({ kind: 'running' })
    })

    it('has one winner of 64 that claim at once', async () => {
      await using guard = await open()
      const claims = await Promise.all(Array.from({ length: 64 }, (_, trial) => guard.claim(signature(1), owner(trial))))
      expect(claims.filter(claim => claim.kind === 'mine')).to.have.length(1)
      const winner = claims.findIndex(claim => claim.kind === 'mine')
      for (const claim of claims) if (claim.kind !== 'mine') expect(claim.by.trial).to.equal(winner)
    })

    it('gives up what its owner releases, and nothing when another one does', async () => {
      await using guard = await open()
      await guard.claim(signature(1), owner(0))
      await guard.release(signature(1), owner(1))
      await guard.release(signature(1), owner(0, two))
      await guard.release(signature(1), { ...owner(0), study: 'other' })
      expect(await guard.claim(signature(1), owner(1))).to.include({ kind: 'running' })
      await guard.release(signature(1), owner(0))
      expect(await guard.claim(signature(1), owner(1))).to.deep.equal(mine)
    })

    it('settles what its trial holds, and what a crash lost; not what another one took over', async () => {
      await using guard = await open()
      await guard.settle(signature(1), owner(0))
      expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'known', by: owner(0) })
      await guard.claim(signature(2), owner(2))
      await guard.settle(signature(2), owner(3))
      expect(await guard.claim(signature(2), owner(4))).to.deep.equal({ kind: 'running', by: owner(2) })
    })

    it('looks up many at once, and leaves out what it does not know', async () => {
      await using guard = await open()
      await guard.claim(signature(1), owner(0))
      await guard.settle(signature(2), owner(1))
      const found = await guard.lookup([signature(1), signature(2), signature(3)])
      expect([...found]).to.deep.equal([
        [signature(1), { kind: 'running', by: owner(0) }],
        [signature(2), { kind: 'known', by: owner(1) }]
      ])
      expect((await guard.lookup([])).size).to.equal(0)
    })

    it('adds many as known, counts each new one once, and leaves what is held as it is', async () => {
      await using guard = await open()
      await guard.claim(signature(1), owner(0))
      expect(await guard.addMany([signature(1), signature(2), signature(2), signature(3)], owner(9))).to.equal(2)
      expect(await guard.addMany([], owner(9))).to.equal(0)
      expect(await guard.count()).to.equal(3)
      expect(await guard.claim(signature(1), owner(5))).to.deep.equal({ kind: 'running', by: owner(0) })
      expect(await guard.claim(signature(3), owner(5))).to.deep.equal({ kind: 'known', by: owner(9) })
    })

    it('names the worker that renews as the one that holds the claim', async () => {
      await using guard = await open()
      await guard.claim(signature(1), owner(0))
      await guard.renew([owner(0, two), owner(7)])
      expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'running', by: owner(0, two) })
      await guard.release(signature(1), owner(0, two))
      expect(await guard.count()).to.equal(0)
    })

    it('refuses a text that is no signature, instead of taking all of them for one', async () => {
      await using guard = await open()
      for (const text of ['', 'xyz', 'abc', `${signature(1)}00`, signature(1).toUpperCase()]) {
        expect((await failure(() => guard.claim(text, owner(0)))).code).to.equal('SIGNATURE')
        expect((await failure(() => guard.addMany([text], owner(0)))).code).to.equal('SIGNATURE')
      }
      expect(await guard.count()).to.equal(0)
    })
  })

describe('a SQLite guard of several workers', () => {
  const path = join(directory, 'leases.db')
  const remote = (trial: number): Owner => ({
    study: 'study',
    trial,
    worker: JSON.stringify({ ...one.worker, host: `not-${hostname()}` })
  })

  it('keeps a claim of another host for 60 s after it was last renewed, and then lets it be taken over, saying from whom', async () => {
    let now = 1_000_000
    await using guard = await openSqliteGuard({ path, clock: () => now })
    await guard.claim(signature(1), remote(0))
    now += 60_000
    expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'running', by: remote(0) })
    await guard.renew([remote(0)])
    now += 60_000
    expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'running', by: remote(0) })
    now += 1
    expect(await guard.claim(signature(1), owner(1))).to.deep.equal({ kind: 'mine', from: remote(0) })
    expect(await guard.claim(signature(1), owner(2))).to.deep.equal({ kind: 'running', by: owner(1) })
  })

  it('never takes over what is known, or what a living process of this host runs', async () => {
    let now = 1_000_000
    await using guard = await openSqliteGuard({ path, clock: () => now })
    await guard.settle(signature(2), remote(0))
    await guard.claim(signature(3), owner(3))
    now += 3_600_000
    expect(await guard.claim(signature(2), owner(1))).to.deep.equal({ kind: 'known', by: remote(0) })
    expect(await guard.claim(signature(3), owner(1))).to.deep.equal({ kind: 'running', by: owner(3) })
  })

  it('takes over at once what a study held that this process has closed', async () => {
    await using guard = await openSqliteGuard({ path })
    const closed = openWorker()
    await guard.claim(signature(4), owner(0, closed))
    closed[Symbol.dispose]()
    expect(await guard.claim(signature(4), owner(1))).to.deep.equal({ kind: 'mine', from: owner(0, closed) })
  })

  it('survives a worker that nobody can read, for as long as its lease runs', async () => {
    let now = 1_000_000
    await using guard = await openSqliteGuard({ path, clock: () => now })
    await guard.claim(signature(5), { study: 'study', trial: 0, worker: 'a person' })
    expect(await guard.claim(signature(5), owner(1))).to.include({ kind: 'running' })
    now += 60_001
    expect(await guard.claim(signature(5), owner(1))).to.include({ kind: 'mine' })
  })

  it('finds what it was told in the file again', async () => {
    const file = join(directory, 'again.db')
    {
      await using guard = await openSqliteGuard({ path: file })
      await guard.claim(signature(1), owner(0))
      // Not awaited: closing waits for what is under way.
      void guard.settle(signature(1), owner(0))
      void guard.claim(signature(2), owner(1))
    }
    await using guard = await openSqliteGuard({ path: file })
    expect(await guard.claim(signature(1), owner(5))).to.deep.equal({ kind: 'known', by: owner(0) })
    expect(await guard.count()).to.equal(2)
  })

  it('refuses a path that is none, and a file of another kind, with a sentence', async () => {
    for (const wrong of [undefined, null, '', 3])
      expect((await failure(() => openSqliteGuard({ path: wrong as never }))).code).to.equal('GUARD_PATH')
    expect((await failure(() => openSqliteGuard({ path: join(directory, 'no/such/directory/x.db') }))).code).to.equal('SQLITE_CANNOT_OPEN')
    expect((await failure(() => openSqliteGuard({ path: import.meta.filename }))).code).to.equal('SQLITE_NOT_A_DATABASE')
  })
})
