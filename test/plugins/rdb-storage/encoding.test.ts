import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StudyStorage } from '@rxtuna/core'
import { sqlite } from '@rxtuna/rdb-storage'
import Database from 'better-sqlite3'
import { expect } from 'chai'

const infinity = Number.POSITIVE_INFINITY

describe("what sqlite() writes into Optuna's tables", () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-encoding-'))
  after(() => rmSync(directory, { recursive: true }))
  let files = 0
  let path = ''
  const open = async (): Promise<StudyStorage> => {
    path = join(directory, `${files++}.db`)
    const storage = await sqlite(path, { clock: () => Date.UTC(2026, 1, 3, 4, 5, 6, 7) })()
    await storage.open({ name: 'study', directions: ['minimize', 'maximize'], metricNames: ['a', 'b'] }, 'fail')
    return storage
  }
  const rows = (sql: string): unknown[] => {
    const database = new Database(path)
    try {
      return database.prepare(sql).raw().all()
    } finally {
      database.close()
    }
  }

  it('is the version rows, directions in order and metric names', async () => {
    await using _storage = await open()
    expect(rows('SELECT * FROM version_info')).to.deep.equal([[1, 12, '5.0.0']])
    expect(rows('SELECT * FROM alembic_version')).to.deep.equal([['v3.2.0.a']])
    expect(rows('SELECT objective, direction FROM study_directions ORDER BY study_direction_id')).to.deep.equal([
      [0, 'MINIMIZE'],
      [1, 'MAXIMIZE']
    ])
    expect(rows('SELECT "key", value_json FROM study_system_attributes')).to.deep.equal([['study:metric_names', '["a", "b"]']])
  })

  it('is a number and a word for each value, and times in UTC with six digits', async () => {
    await using storage = await open()
    await storage.create('study', { state: 'running' })
    const reports = [0.5, infinity, -infinity, Number.NaN].map((value, step) => ({ step, value }))
    await storage.finish('study', 0, { outcome: { state: 'complete', value: [-infinity, 2], reports, constraints: { c: infinity } } })
    await storage.create('study', { state: 'waiting' })
    expect(rows('SELECT objective, value, value_type FROM trial_values')).to.deep.equal([
      [0, null, 'INF_NEG'],
      [1, 2, 'FINITE']
    ])
    expect(rows('SELECT step, intermediate_value, intermediate_value_type FROM trial_intermediate_values')).to.deep.equal([
      [0, 0.5, 'FINITE'],
      [1, null, 'INF_POS'],
      [2, null, 'INF_NEG'],
      [3, null, 'NAN']
    ])
    const time = '2026-02-03 04:05:06.007000'
    expect(rows('SELECT number, state, datetime_start, datetime_complete FROM trials')).to.deep.equal([
      [0, 'COMPLETE', time, time],
      [1, 'WAITING', null, null]
    ])
    expect(rows(`SELECT value_json FROM trial_system_attributes WHERE "key" = 'constraints:c'`)).to.deep.equal([['Infinity']])
  })

  it('is the index of a choice, found as Python compares: the first that is equal', async () => {
    await using storage = await open()
    const kinds = { kind: 'categorical', choices: [0, '1', true, 1, null, 2.5] } as const
    const values = [false, '1', 1, true, null, 2.5]
    const names = values.map((_, index) => `p${index}`)
    const record = await storage.create('study', {
      state: 'running',
      params: Object.fromEntries(names.map((name, index) => [name, values[index] as never])),
      distributions: Object.fromEntries(names.map(name => [name, kinds]))
    })
    expect(rows('SELECT param_value FROM trial_params ORDER BY param_id').flat()).to.deep.equal([0, 1, 2, 2, 4, 5])
    // The record shows what is stored.
    expect(Object.values(record?.params ?? {})).to.deep.equal([0, '1', true, true, null, 2.5])
  })

  it('is read in every form that Python reads: old distributions, other spellings of time, ints that were stored as reals', async () => {
    {
      await using _storage = await open()
    }
    const database = new Database(path)
    database.exec(`INSERT INTO trials VALUES (1, 0, 1, 'RUNNING', '2020-01-02T03:04:05Z', NULL);
      INSERT INTO trials VALUES (2, 1, 1, 'FAIL', '2020-01-02 03:04:05', '2020-01-02 03:04:05.250000');
      INSERT INTO trial_params VALUES (1, 1, 'old', 2.5, '{"name": "DiscreteUniformDistribution", "attributes": {"low": 0, "high": 5, "q": 0.5}}');
      INSERT INTO trial_params VALUES (2, 1, 'whole', 3.9, '{"name": "IntUniformDistribution", "attributes": {"low": 0, "high": 5, "step": 1}}');
      INSERT INTO trial_user_attributes VALUES (1, 1, 'raw', '{"a":[NaN,"é"]}');
      INSERT INTO trial_system_attributes VALUES (1, 1, 'constraints', '[0.5, -Infinity]');`)
    database.close()
    await using storage = await sqlite(path)()
    const [first, second] = (await storage.read('study')).trials
    expect(first?.params).to.deep.equal({ old: 2.5, whole: 3 })
    expect(first?.distributions).to.deep.equal({
      old: { kind: 'float', low: 0, high: 5, step: 0.5 },
      whole: { kind: 'int', low: 0, high: 5 }
    })
    expect(first?.attributes).to.deep.equal({ raw: { a: [{ $python: 'NaN' }, 'é'] } })
    expect(first?.constraints).to.deep.equal({ 0: 0.5, 1: -infinity })
    expect(first?.startedAt?.toISOString()).to.equal('2020-01-02T03:04:05.000Z')
    expect(second?.finishedAt?.toISOString()).to.equal('2020-01-02T03:04:05.250Z')
  })

  it('leaves nothing behind when a call fails half-way', async () => {
    await using storage = await open()
    const params = { x: 1 }
    const distributions = { x: { kind: 'int', low: 0, high: 5 } } as const
    await storage.create('study', { state: 'running', params, distributions })
    const before = rows('SELECT * FROM trial_system_attributes')
    const bad = { last: new Date(0) as never }
    const end = { outcome: { state: 'complete', value: [1, 2], reports: [{ step: 0, value: 1 }], constraints: { c: 1 } } } as const
    for (const call of [
      storage.finish('study', 0, { ...end, attributes: { first: 1, ...bad } }),
      storage.update('study', 0, { reports: [{ step: 0, value: 1 }], attributes: { first: 1, ...bad } }),
      storage.create('study', { state: 'running', params, distributions, attributes: bad }),
      storage.setAttributes('study', { first: 1, ...bad })
    ])
      expect(await call.then(String, error => error.code)).to.equal('ATTRIBUTE_VALUE')
    expect(rows('SELECT state FROM trials')).to.deep.equal([['RUNNING']])
    for (const table of ['trial_values', 'trial_intermediate_values', 'trial_user_attributes', 'study_user_attributes'])
      expect(rows(`SELECT * FROM ${table}`), table).to.deep.equal([])
    expect(rows('SELECT * FROM trial_system_attributes')).to.deep.equal(before)
  })

  it('can be removed study by study, and nothing of it stays', async () => {
    await using storage = await open()
    const params = { x: 1 }
    const distributions = { x: { kind: 'int', low: 0, high: 5 } } as const
    const end = { outcome: { state: 'complete', value: [1, 2], reports: [{ step: 0, value: 1 }] } } as const
    await storage.create('study', { state: 'running', params, distributions, attributes: { a: 1 }, end })
    await storage.remove('study')
    for (const [table] of rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%version%'") as string[][])
      expect(rows(`SELECT * FROM ${table}`), table).to.deep.equal([])
  })
})
