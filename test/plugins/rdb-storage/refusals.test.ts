import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StudyError } from '@rxtuna/core'
import { sqlite, storageFrom } from '@rxtuna/rdb-storage'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { workerProcess } from './processes.ts'

describe('sqlite() refuses with a sentence', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-refusals-'))
  after(() => rmSync(directory, { recursive: true }))

  const refusal = async (call: () => unknown): Promise<StudyError> => {
    try {
      await call()
    } catch (error) {
      if (error instanceof StudyError) return error
      throw error
    }
    throw new Error('Expected a refusal, got none.')
  }
  const database = (name: string, sql: string): string => {
    const path = join(directory, name)
    const db = new Database(path)
    db.exec(sql)
    db.close()
    return path
  }

  it('a file that is not a database, and leaves it as it was', async () => {
    const path = join(directory, 'notes.txt')
    writeFileSync(path, 'These are notes and no database.\n'.repeat(100))
    const before = readFileSync(path)
    const error = await refusal(sqlite(path))
    expect(error.code).to.equal('SQLITE_NOT_A_DATABASE')
    expect(error.message).to.match(/^Expected a SQLite database at .*notes\.txt/)
    expect(readFileSync(path).equals(before)).to.equal(true)
  })

  it('a database that has lost a part, which is not taken for a file of another kind', async () => {
    const path = join(directory, 'damaged.db')
    await (await sqlite(path)())[Symbol.asyncDispose]()
    truncateSync(path, statSync(path).size / 2)
    const error = await refusal(sqlite(path))
    expect(error.code).to.equal('SQLITE_CORRUPT')
    expect(error.message).to.match(/^Expected a sound database at .*damaged\.db/)
  })

  it('a directory that does not exist', async () => {
    const error = await refusal(sqlite(join(directory, 'missing', 'study.db')))
    expect(error.code).to.equal('SQLITE_CANNOT_OPEN')
    expect(error.message).to.match(/directory/)
  })

  it('tables of another version of Optuna, and tables of something else', async () => {
    const path = join(directory, 'old.db')
    await (await sqlite(path)())[Symbol.asyncDispose]()
    const db = new Database(path)
    db.exec("UPDATE alembic_version SET version_num = 'v2.6.0.a'")
    db.close()
    const error = await refusal(sqlite(path))
    expect(error.code).to.equal('RDB_SCHEMA_VERSION')
    expect(error.message).to.include('v3.2.0.a').and.include('v2.6.0.a').and.include('optuna storage upgrade')

    const other = database('other.db', 'CREATE TABLE trials (patient TEXT)')
    expect((await refusal(sqlite(other))).code).to.equal('RDB_OTHER_TABLES')
    const unstamped = database('unstamped.db', 'CREATE TABLE version_info (version_info_id, schema_version, library_version)')
    const opened = new Database(unstamped)
    opened.exec("INSERT INTO version_info VALUES (1, 9, '0.9.0')")
    opened.close()
    expect((await refusal(sqlite(unstamped))).code).to.equal('RDB_SCHEMA_VERSION')
  })

  it('a read-only directory, and a database that may not be written', async () => {
    const readOnly = join(directory, 'read-only')
    mkdirSync(readOnly)
    const path = join(readOnly, 'study.db')
    await (await sqlite(path)())[Symbol.asyncDispose]()
    chmodSync(path, 0o444)
    chmodSync(readOnly, 0o555)
    chmodSync(directory, 0o755)
    for (const [file, codes] of [
      [join(readOnly, 'new.db'), ['SQLITE_CANNOT_OPEN', 'SQLITE_READ_ONLY']],
      [path, ['SQLITE_READ_ONLY', 'SQLITE_CANNOT_OPEN']]
    ] as const) {
      await using child = workerProcess('nobody', file)
      await child.ended()
      const { code, message } = JSON.parse(child.lines[0] ?? '{}')
      expect(codes).to.include(code)
      expect(message).to.include(file)
    }
    chmodSync(readOnly, 0o755)
  })

  it('a parameter without a distribution, or with a value that is none of the choices', async () => {
    await using storage = await sqlite(':memory:')()
    await storage.open({ name: 'study', directions: ['minimize'] }, 'load')
    const distributions = { c: { kind: 'categorical', choices: ['a', null] } } as const
    const create = (params: Record<string, string | null>) => () => storage.create('study', { state: 'running', params, distributions })
    expect((await refusal(create({ d: 'a' }))).code).to.equal('PARAM_DISTRIBUTION')
    const error = await refusal(create({ c: 'b' }))
    expect([error.code, error.message]).to.deep.equal(['PARAM_CHOICE', 'Expected one of the choices ["a",null] for "c", got "b".'])
    expect((await storage.read('study')).trials).to.deep.equal([])
  })

  it('a path that is none, and a URL that is not SQLite’s', async () => {
    expect((await refusal(() => sqlite(''))).code).to.equal('RDB_PATH')
    for (const url of ['study.db', 'sqlite:study.db', 'sqlite://host/study.db', 'redis://localhost'])
      expect((await refusal(() => storageFrom(url))).code).to.equal('RDB_URL')
    expect((await refusal(() => storageFrom('sqlite:///study.db?mode=ro'))).code).to.equal('RDB_URL_OPTIONS')
    for (const url of ['postgresql://localhost/test', 'postgresql+psycopg2://localhost/test', 'mysql://root@localhost/test']) {
      const error = await refusal(() => storageFrom(url))
      expect([error.code, /follow in a later version/.test(error.message)]).to.deep.equal(['RDB_URL_SERVER', true])
    }
  })
})
