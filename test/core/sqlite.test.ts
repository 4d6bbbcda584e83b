import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '@rxtuna/core/sqlite'
import { expect } from 'chai'
import { rejection } from './rejection.ts'

describe('a database that another process writes', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-sqlite-'))
  after(() => rmSync(directory, { recursive: true }))

  it('is waited for by many without blocking the event loop, and each is served once', async () => {
    const path = join(directory, 'many.db')
    using other = await openSqlite({ path })
    using db = await openSqlite({ path })
    db.exec('CREATE TABLE served (n)')
    other.exec('BEGIN IMMEDIATE')
    const insert = db.prepare('INSERT INTO served VALUES (?)')
    const writes = Promise.all(Array.from({ length: 64 }, (_, n) => db.write(() => insert.run(n))))
    // Each attempt blocks for 20 ms: were they all to try, none of these would come for more than a second.
    let longest = 0
    let last = performance.now()
    for (let i = 0; i < 40; i++) {
      await new Promise(resolve => setTimeout(resolve, 5))
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
    }
    other.exec('COMMIT')
    await writes
    expect(longest).to.be.lessThan(500)
    expect(db.prepare('SELECT COUNT(*) AS count, COUNT(DISTINCT n) AS different FROM served').get()).to.deep.equal({
      count: 64,
      different: 64
    })
  })

  it('is left with the signal, by who tries and by who waits behind', async () => {
    const path = join(directory, 'left.db')
    using other = await openSqlite({ path })
    using db = await openSqlite({ path })
    other.exec('BEGIN IMMEDIATE')
    const abort = new AbortController()
    const waiting = [1, 2, 3].map(() => rejection(db.write(() => expect.fail('the lock is held'), abort.signal)))
    abort.abort(new Error('enough'))
    expect((await Promise.all(waiting)).map(error => (error as Error).message)).to.deep.equal(['enough', 'enough', 'enough'])
    other.exec('COMMIT')
    expect(await db.write(() => 1)).to.equal(1)
  })

  it('is given up after the time that was asked for, with a sentence, by all who wait', async () => {
    const path = join(directory, 'busy.db')
    using other = await openSqlite({ path })
    using db = await openSqlite({ path, busySeconds: 0.1 })
    other.exec('BEGIN IMMEDIATE')
    const failed = await Promise.all([1, 2, 3].map(() => rejection(db.write(() => 1))))
    expect(new Set(failed.map(error => (error as { code?: string }).code))).to.deep.equal(new Set(['SQLITE_BUSY']))
    other.exec('COMMIT')
  })
})
