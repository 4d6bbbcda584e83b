import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache } from '@rxtuna/tiered-cache'
import { Dictionary, Int32, Table, Utf8, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { bars, closes, daily, failures, rejection, source, workspace } from './workspace.ts'

const mount = (...options: string[]) => execFileSync('mount', options, { stdio: 'ignore' })

/** A disk of memory at a path; false where nothing may be mounted. */
function mountMemory(path: string, size: string): boolean {
  mkdirSync(path)
  try {
    mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path)
    return true
  } catch {
    return false
  }
}

describe('a disk that fails', () => {
  it('costs nobody a table when the directory is removed while in use', async () => {
    await using space = workspace()
    const cache = await space.open({ hotBytes: 0 })
    const prices = source(bars(1))
    await cache.getOrLoad(daily('A'), prices.load)
    rmSync(space.directory, { recursive: true })
    const codes = failures(cache)
    for (let i = 0; i < 2; i++) expect(closes(await cache.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(1)))
    expect(prices.loads).to.equal(3)
    expect(codes).to.include('TIERED_WRITE')
    expect((await rejection(cache.put(daily('B'), bars(2)))).message).to.match(/^Expected to write the table .* got: ENOENT/)
  })

  it('costs nobody a table when the directory cannot be made', async () => {
    await using space = workspace()
    writeFileSync(space.file('taken'), '')
    await using cache = await openTieredCache({ directory: space.file('taken/cache') })
    const codes = failures(cache)
    const prices = source(bars(1))
    for (let i = 0; i < 2; i++) expect(closes(await cache.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(1)))
    expect(prices.loads).to.equal(1)
    expect(codes).to.deep.equal(['TIERED_METADATA', 'TIERED_METADATA'])
    expect((await rejection(cache.put(daily('B'), bars(2)))).code).to.equal('TIERED_METADATA')
    expect(closes(await cache.get(cache.key(daily('B'))))).to.deep.equal(closes(bars(2)))
  })

  it('costs nobody a table when it is full or read-only', async function () {
    await using space = workspace()
    const mounted = space.file('mounted')
    if (!mountMemory(mounted, '400k')) this.skip()
    try {
      await using cache = await openTieredCache({ directory: mounted, metadata: space.file('tables.db'), hotBytes: 0 })
      const codes = failures(cache)
      const large = bars(1, 60_000)
      expect(closes(await cache.getOrLoad(daily('A'), source(large).load))).to.deep.equal(closes(large))
      expect(codes).to.deep.equal(['TIERED_WRITE'])
      expect(readdirSync(mounted)).to.deep.equal([])
      await cache.put(daily('B'), bars(2))
      mount('-o', 'remount,ro', mounted)
      expect(closes(await cache.getOrLoad(daily('C'), source(bars(3)).load))).to.deep.equal(closes(bars(3)))
      expect(codes).to.deep.equal(['TIERED_WRITE', 'TIERED_WRITE'])
      expect(closes(await cache.get(cache.key(daily('B'))))).to.deep.equal(closes(bars(2)))
    } finally {
      execFileSync('umount', [mounted])
    }
  })

  it('costs nobody a table when its database lies on what is full or read-only, and goes on when there is room again', async function () {
    await using space = workspace()
    const mounted = space.file('mounted')
    if (!mountMemory(mounted, '600k')) this.skip()
    try {
      {
        await using cache = await openTieredCache({ directory: mounted, hotBytes: 0 })
        const codes = failures(cache)
        const ask = async (i: number) =>
          expect(closes(await cache.getOrLoad(daily(`S${i}`), source(bars(i)).load))).to.deep.equal(closes(bars(i)))
        await ask(1)
        expect(codes).to.deep.equal([])
        // Until nothing fits any more.
        expect(() => writeFileSync(`${mounted}/ballast`, new Uint8Array(1e6))).to.throw('ENOSPC')
        for (let i = 2; i < 12; i++) await ask(i)
        expect(codes).to.include('TIERED_WRITE')
        expect(codes.every(code => code === 'TIERED_WRITE' || code === 'TIERED_METADATA')).to.equal(true)
        expect((await rejection(cache.put(daily('B'), bars(2)))).message).to.match(/^Expected to (write the table|use the metadata)/)
        rmSync(`${mounted}/ballast`)
        const before = codes.length
        await cache.put(daily('B'), bars(2))
        for (let i = 2; i < 12; i++) await ask(i)
        expect(codes.slice(before)).to.deep.equal([])
      }
      mount('-o', 'remount,ro', mounted)
      await using cache = await openTieredCache({ directory: mounted })
      const codes = failures(cache)
      expect(closes(await cache.getOrLoad(daily('B'), source(bars(2)).load))).to.deep.equal(closes(bars(2)))
      expect(codes).to.include('TIERED_METADATA')
    } finally {
      execFileSync('umount', [mounted])
    }
  })

  it('sets a damaged metadata database aside, begins anew, and says so with the first call', async () => {
    for (const damage of ['not a database at all, but long enough to be read as one'.repeat(100), undefined]) {
      await using space = workspace()
      {
        await using first = await openTieredCache({ directory: space.directory })
        await first.put(daily('A'), bars(1))
      }
      const path = space.file('metadata.db')
      const bytes = readFileSync(path)
      // Either another kind of file, or one whose pages behind the first are gone bad.
      writeFileSync(path, damage ?? bytes.fill(0x55, 4096))
      await using cache = await openTieredCache({ directory: space.directory })
      const codes = failures(cache)
      expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
      expect(codes).to.deep.equal(['TIERED_METADATA_CORRUPT'])
      await cache.put(daily('A'), bars(1))
      expect(readdirSync(space.directory).filter(name => /^metadata\.db\.corrupt-\d+$/.test(name))).to.have.length(1)
      expect(cache.stats().entries).to.equal(1)
    }
  })

  it('mends a database that is damaged while in use, and goes on', async () => {
    await using space = workspace()
    const cache = await space.open({ hotBytes: 0 })
    await cache.put(daily('A'), bars(1))
    {
      using db = await openSqlite({ path: space.file('metadata.db') })
      db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
    }
    const path = space.file('metadata.db')
    writeFileSync(path, readFileSync(path).fill(0x55, 4096))
    const codes = failures(cache)
    // The driver may still hold sound pages in memory; another connection's write makes it read them again.
    const prices = source(bars(1))
    for (let i = 0; i < 20 && !codes.includes('TIERED_METADATA_CORRUPT'); i++) {
      expect(closes(await cache.getOrLoad(daily(`S${i}`), prices.load))).to.deep.equal(closes(bars(1)))
    }
    expect(codes).to.include('TIERED_METADATA_CORRUPT')
    expect(closes(await cache.getOrLoad(daily('A'), source(bars(1)).load))).to.deep.equal(closes(bars(1)))
    const again = await space.open()
    expect(closes(await again.get(again.key(daily('A'))))).to.deep.equal(closes(bars(1)))
  })

  it("leaves another program's database as it is", async () => {
    await using space = workspace()
    {
      using db = await openSqlite({ path: space.file('metadata.db') })
      db.exec('CREATE TABLE mine (x); INSERT INTO mine VALUES (1)')
    }
    const cache = await space.open()
    const codes = failures(cache)
    expect(closes(await cache.getOrLoad(daily('A'), source(bars(1)).load))).to.deep.equal(closes(bars(1)))
    expect(codes).to.deep.equal(['TIERED_METADATA_FOREIGN', 'TIERED_METADATA_FOREIGN'])
    expect(await space.rows('SELECT x FROM mine')).to.deep.equal([{ x: 1 }])
  })

  it('leaves the metadata of a newer version as it is', async () => {
    await using space = workspace()
    await (await space.open()).put(daily('A'), bars(1))
    {
      using db = await openSqlite({ path: space.file('metadata.db') })
      db.exec('PRAGMA user_version = 99')
    }
    const cache = await space.open()
    const codes = failures(cache)
    expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
    expect(codes).to.deep.equal(['TIERED_METADATA_NEWER'])
    expect(space.files()).to.have.length(1)
  })

  it('says so when a table cannot be encoded, and keeps it in memory', async () => {
    await using space = workspace()
    const cache = await space.open()
    const codes = failures(cache)
    // Two different dictionaries under one type's number: Arrow's stream has no room for that.
    const type = new Dictionary(new Utf8(), new Int32())
    const table = new Table({ a: vectorFromArray(['x'], type), b: vectorFromArray(['y'], type) })
    for (let i = 0; i < 2; i++) expect(await cache.getOrLoad(daily('A'), async () => table)).to.equal(table)
    expect(codes).to.deep.equal(['TIERED_ENCODE'])
  })
})
