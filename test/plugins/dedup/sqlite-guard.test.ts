import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openWorker } from '@rxtuna/core/node'
import { type Owner, openSqliteGuard, paramSignature } from '@rxtuna/dedup'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { childProcess } from './processes.ts'

const { worker } = openWorker()
const owner = (trial: number): Owner => ({ study: 'study', trial, worker: JSON.stringify(worker) })
const signature = (x: number): string => paramSignature({ x })

describe('a file of claims', function () {
  this.timeout(30_000)
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-claims-'))
  after(() => rmSync(directory, { recursive: true }))

  it('has one winner for each of 200 signatures that two processes claim at once', async () => {
    const path = join(directory, 'race.db')
    await using one = childProcess(new URL('./guard-process.ts', import.meta.url), path, '1000', '200')
    await using two = childProcess(new URL('./guard-process.ts', import.meta.url), path, '2000', '200')
    await Promise.all([one.said('ready'), two.said('ready')])
    one.tell('go')
    two.tell('go')
    await Promise.all([one.said('claimed'), two.said('claimed')])
    const won = [...one.lines, ...two.lines].filter(line => line.startsWith('won'))
    expect(won).to.have.length(200)
    expect(new Set(won).size).to.equal(200)
  })

  it('lets the claims of a process that was killed be taken over, at once', async () => {
    const path = join(directory, 'killed.db')
    await using guard = await openSqliteGuard({ path })
    await using child = childProcess(new URL('./guard-process.ts', import.meta.url), path, '1000', '3')
    await child.said('ready')
    child.tell('go')
    await child.said('claimed')
    expect(await guard.claim(signature(1), owner(1))).to.include({ kind: 'running' })
    await child.kill()
    const claim = await guard.claim(signature(1), owner(1))
    expect(claim).to.include({ kind: 'mine' })
    expect(claim.kind === 'mine' && claim.from?.trial).to.equal(1001)
  })

  it('writes what is settled and released together in one transaction', async () => {
    const path = join(directory, 'batch.db')
    await using guard = await openSqliteGuard({ path })
    for (let x = 0; x < 40; x++) await guard.claim(signature(x), owner(x))
    using cleanup = new DisposableStack()
    const reader = cleanup.adopt(new Database(path, { readonly: true }), db => void db.close())
    const count = reader.prepare('SELECT sum(known) AS known, count(*) AS all_of_them FROM dedup_claims')
    const seen = new Set<string>()
    const look = (): void => void seen.add(JSON.stringify(count.get()))
    look()
    const writes = Array.from({ length: 40 }, (_, x) =>
      (x % 2 ? guard.settle(signature(x), owner(x)) : guard.release(signature(x), owner(x))).then(look)
    )
    await Promise.all(writes)
    expect([...seen]).to.deep.equal(['{"known":0,"all_of_them":40}', '{"known":20,"all_of_them":20}'])
  })
})
