import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sqlite } from '@rxtuna/rdb-storage'
import Database from 'better-sqlite3'
import { expect } from 'chai'

const spec = { name: 'study', directions: ['minimize'] } as const

describe('what a dead worker left running', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-taking-'))
  after(() => rmSync(directory, { recursive: true }))
  let files = 0
  const fresh = (): string => join(directory, `${files++}.db`)

  it('is taken without its reports, attributes and constraints; params and what the sampler and dedup wrote stay', async () => {
    const path = fresh()
    let now = Date.UTC(2026, 0, 1)
    {
      await using dead = await sqlite(path, { clock: () => now })()
      await dead.open(spec, 'load')
      await dead.create('study', {
        state: 'running',
        params: { x: 1 },
        distributions: { x: { kind: 'int', low: 0, high: 5 } },
        systemAttributes: { 'rxtuna:scope': 'abc', 'tpe:relative_params:0': '{}' }
      })
      await dead.update('study', 0, {
        reports: [{ step: 0, value: 1 }],
        attributes: { note: 'half' },
        systemAttributes: { 'constraints:c': 1, constraints: [1], constraints_of_mine: 2 }
      })
    }
    now += 60_000
    await using heir = await sqlite(path, { clock: () => now })()
    const { cursor } = await heir.read('study')
    const taken = await heir.take('study')
    expect(taken?.number).to.equal(0)
    expect([taken?.state, taken?.params, taken?.reports, taken?.attributes, taken?.constraints]).to.deep.equal([
      'running',
      { x: 1 },
      [],
      {},
      {}
    ])
    expect(taken?.startedAt?.getTime()).to.equal(now)
    expect(Object.keys(taken?.systemAttributes ?? {}).sort()).to.deep.equal([
      'constraints_of_mine',
      'rxtuna:scope',
      'rxtuna:worker',
      'tpe:relative_params:0'
    ])
    expect((await heir.read('study', cursor)).trials).to.deep.equal([taken])
    expect(await heir.take('study')).to.equal(undefined)
  })

  it('has one winner among several heirs', async () => {
    const path = fresh()
    {
      await using dead = await sqlite(path)()
      await dead.open(spec, 'load')
      for (let i = 0; i < 6; i++) await dead.create('study', { state: 'running' })
    }
    await using one = await sqlite(path)()
    await using two = await sqlite(path)()
    // Both know all six before either takes one.
    await one.read('study')
    await two.read('study')
    const taken = await Promise.all(Array.from({ length: 12 }, (_, i) => (i % 2 ? one : two).take('study')))
    expect(taken.flatMap(record => (record ? [record.number] : [])).sort()).to.deep.equal([0, 1, 2, 3, 4, 5])
  })

  it('is not taken when its worker is of another host, or when nothing says who runs it', async () => {
    const path = fresh()
    await using storage = await sqlite(path)()
    await storage.open(spec, 'load')
    for (let i = 0; i < 3; i++) await storage.create('study', { state: 'running' })
    // As Python, or a machine far away, would have left them.
    const database = new Database(path)
    const worker = '{"host": "elsewhere", "boot": "1", "pid": 1, "start": "1", "thread": 0, "opened": 0}'
    database.exec(`UPDATE trial_system_attributes SET value_json = '${worker}' WHERE trial_id = 1`)
    database.exec('DELETE FROM trial_system_attributes WHERE trial_id = 2')
    database.exec(`UPDATE trial_system_attributes SET value_json = '"no worker"' WHERE trial_id = 3`)
    database.close()
    await using other = await sqlite(path)()
    expect(await other.take('study')).to.equal(undefined)
  })
})
