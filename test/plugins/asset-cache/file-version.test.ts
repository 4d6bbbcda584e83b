import { appendFileSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileVersion } from '@rxtuna/asset-cache'
import { openSqlite } from '@rxtuna/core/sqlite'
import { expect } from 'chai'
import { rejection } from './rejection.ts'

describe('fileVersion', () => {
  let directory = ''
  const at = (name: string) => join(directory, name)
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), text)
    return at(name)
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'file-version-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('is 64 hexadecimal digits that depend on content and order, and not on names', async () => {
    const a = write('a', 'one')
    const b = write('b', 'two')
    const version = await fileVersion([a, b])
    expect(version).to.match(/^[0-9a-f]{64}$/)
    expect(await fileVersion([a, b])).to.equal(version)
    expect(await fileVersion([b, a])).to.not.equal(version)
    expect(await fileVersion([a])).to.not.equal(version)
    const moved = [write('c', 'one'), write('d', 'two')]
    expect(await fileVersion(moved)).to.equal(version)
  })

  it('wants an array of paths', async () => {
    for (const wrong of ['prices.csv', undefined, [5], {}])
      expect(await rejection(fileVersion(wrong as never))).to.have.property('code', 'FILES_SHAPE')
  })

  it('knows where one file ends and the next begins', async () => {
    expect(await fileVersion([write('a', 'ab'), write('b', 'c')])).to.not.equal(await fileVersion([write('c', 'a'), write('d', 'bc')]))
    expect(await fileVersion([write('e', ''), write('f', '')])).to.not.equal(await fileVersion([write('g', '')]))
  })

  it('notices a changed byte in the middle, even when size and mtime stay what they were', async () => {
    const path = write('a', 'price 100 end')
    const before = await fileVersion([path])
    const mtime = new Date('2020-01-01')
    utimesSync(path, mtime, mtime)
    // Asked until the last change is so long ago that the content is remembered.
    while (Date.now() - statSync(path).ctimeMs < 50) expect(await fileVersion([path])).to.equal(before)
    writeFileSync(path, 'price 101 end')
    utimesSync(path, mtime, mtime)
    expect(await fileVersion([path])).to.not.equal(before)
  })

  it('notices every one of many writes of the same size, one right after the other', async () => {
    const path = write('a', '000')
    const versions = new Set<string>()
    for (let i = 0; i < 200; i++) {
      writeFileSync(path, String(i).padStart(3, '0'))
      versions.add(await fileVersion([path]))
    }
    expect(versions.size).to.equal(200)
  })

  it('notices an appended row and a file put in its place, and recognizes content that came back', async () => {
    const path = write('a', 'row\n')
    const before = await fileVersion([path])
    appendFileSync(path, 'row\n')
    const after = await fileVersion([path])
    expect(after).to.not.equal(before)
    renameSync(write('b', 'row\n'), path)
    expect(await fileVersion([path])).to.equal(before)
  })

  it("counts what a SQLite database has in its write-ahead log, and an ordinary file's neighbour not", async () => {
    const path = at('bars.db')
    using db = await openSqlite({ path })
    db.exec('CREATE TABLE bars (close REAL)')
    const before = await fileVersion([path])
    expect(await fileVersion([path])).to.equal(before)
    db.exec('INSERT INTO bars VALUES (1.5)')
    expect(await fileVersion([path])).to.not.equal(before)

    const plain = write('plain', 'text')
    const alone = await fileVersion([plain])
    write('plain-wal', 'not a log')
    expect(await fileVersion([plain])).to.equal(alone)
  })

  it('gives callers that come together one answer each, and all the same', async () => {
    const path = write('a', 'x'.repeat(3_000_000))
    const versions = await Promise.all(Array.from({ length: 16 }, () => fileVersion([path])))
    expect(new Set(versions).size).to.equal(1)
  })

  it('does not read a file again that has not changed', async () => {
    const path = write('a', 'x'.repeat(32_000_000))
    const past = new Date('2020-01-01')
    utimesSync(path, past, past)
    // A change of the times moves ctime to now, and within the same tick a file's content is not trusted: read until it has settled.
    const cpu = async () => {
      const start = process.cpuUsage()
      await fileVersion([path])
      const { user, system } = process.cpuUsage(start)
      return user + system
    }
    const cold = await cpu()
    let warm = Number.POSITIVE_INFINITY
    for (let i = 0; i < 20; i++) warm = Math.min(warm, await cpu())
    expect(warm).to.be.lessThan(cold / 5)
  })

  it('refuses no path, a missing one and a directory with a sentence', async () => {
    expect(await rejection(fileVersion([]))).to.have.property('code', 'FILES_NONE')
    expect(await rejection(fileVersion([at('none')]))).to.have.property('code', 'FILE_MISSING')
    expect(await rejection(fileVersion([directory]))).to.have.property('code', 'FILE_KIND')
  })

  it('of several files is one that they had together, though they change while they are read', async () => {
    const [large, small] = [join(directory, 'large'), join(directory, 'small')]
    const put = (content: string): void => {
      writeFileSync(large, content.repeat(30_000_000))
      writeFileSync(small, content)
    }
    const versions = new Map<string, string>()
    for (const content of ['b', 'a']) {
      put(content)
      versions.set(await fileVersion([large, small]), content)
    }
    // The small one is written while the large one is still read, or before: never may the answer be that of one old and one new file.
    for (const content of ['b', 'a', 'b', 'a']) {
      writeFileSync(large, content.repeat(30_000_000))
      const asked = fileVersion([large, small])
      await new Promise(resolve => setTimeout(resolve, 1))
      writeFileSync(small, content)
      expect(versions.get(await asked)).to.equal(content)
    }
  }).timeout(30_000)
})
