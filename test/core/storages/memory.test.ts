import { memory } from '@rxtuna/core'
import { storageSuite } from '@rxtuna/core/testing'
import { expect } from 'chai'

storageSuite('memory()', memory)

describe('memory()', () => {
  it('may be lent to several studies', async () => {
    const storage = memory()
    await storage.open({ name: 'a', directions: ['minimize'] }, 'fail')
    await storage.open({ name: 'b', directions: ['maximize'] }, 'fail')
    await storage.create('a', { state: 'running' })
    expect((await storage.read('b')).trials).to.deep.equal([])
    expect((await storage.studies()).map(({ name }) => name)).to.deep.equal(['a', 'b'])
  })

  it('takes the times of trials from its clock', async () => {
    let now = Date.UTC(2026, 0, 1)
    const storage = memory({ clock: () => now })
    await storage.open({ name: 'a', directions: ['minimize'] }, 'fail')
    await storage.create('a', { state: 'running' })
    now += 1500
    const { startedAt, finishedAt } = await storage.finish('a', 0, { outcome: { state: 'complete', value: [1] } })
    expect(startedAt?.toISOString()).to.equal('2026-01-01T00:00:00.000Z')
    expect(finishedAt?.toISOString()).to.equal('2026-01-01T00:00:01.500Z')
  })
})
