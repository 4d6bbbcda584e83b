import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { storageFrom } from '@rxtuna/rdb-storage'
import { expect } from 'chai'

describe('storageFrom()', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-url-'))
  after(() => rmSync(directory, { recursive: true }))

  it('opens the file of a URL as Optuna writes it: three slashes for a relative path, four for an absolute one', async () => {
    const absolute = join(directory, 'absolute.db')
    await (await storageFrom(`sqlite:///${absolute}`)())[Symbol.asyncDispose]()
    expect(existsSync(absolute)).to.equal(true)
    const other = join(directory, 'relative.db')
    await (await storageFrom(`sqlite:///${relative(process.cwd(), other)}`)())[Symbol.asyncDispose]()
    expect(existsSync(other)).to.equal(true)
  })

  it('opens a database in memory for a URL without a path', async () => {
    for (const url of ['sqlite://', 'sqlite:///:memory:']) {
      await using storage = await storageFrom(url)()
      await storage.open({ name: 'study', directions: ['minimize'] }, 'fail')
      expect((await storage.studies()).length).to.equal(1)
    }
  })
})
