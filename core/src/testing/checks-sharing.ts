import assert from 'node:assert/strict'
import { codeOf, created, readAll, type StorageCheck, spec, withX } from './storage-check.ts'

export const sharing: readonly StorageCheck[] = [
  {
    title: 'what one handle wrote the other one reads, from the beginning and from a cursor',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      const { cursor } = await other.read('study')
      await created(storage)
      const record = await storage.finish('study', 0, { outcome: { state: 'complete', value: [1] } })
      assert.deepEqual((await other.read('study', cursor)).trials, [record])
      assert.deepEqual(await readAll(other), [record])
    }
  },
  {
    title: 'a running trial of one handle is seen to change by the other',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      await created(storage, { state: 'running' })
      let { cursor, trials } = await other.read('study')
      await storage.update('study', 0, { params: { x: 2 }, distributions: withX(2).distributions ?? {} })
      ;({ cursor, trials } = await other.read('study', cursor))
      assert.deepEqual(trials.at(-1)?.params, { x: 2 })
      await storage.finish('study', 0, { outcome: { state: 'pruned' } })
      ;({ trials } = await other.read('study', cursor))
      assert.equal(trials.at(-1)?.state, 'pruned')
    }
  },
  {
    title: 'numbers are dense across handles, and a number has one winner',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      await Promise.all(Array.from({ length: 30 }, (_, i) => created(i % 2 ? storage : other)))
      assert.deepEqual(
        (await readAll(storage)).map(({ number }) => number),
        Array.from({ length: 30 }, (_, i) => i)
      )
      assert.equal(await storage.create('study', withX(1), 29), undefined)
      const both = await Promise.all([storage.create('study', withX(1), 30), other.create('study', withX(2), 30)])
      assert.equal(both.filter(record => record !== undefined).length, 1)
    }
  },
  {
    title: 'a waiting trial has one winner among handles',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      for (let i = 0; i < 10; i++) await created(storage, { state: 'waiting' })
      const taken = await Promise.all(Array.from({ length: 24 }, (_, i) => (i % 2 ? storage : other).take('study')))
      const numbers = taken.filter(record => record !== undefined).map(({ number }) => number)
      assert.deepEqual(
        numbers.sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
      )
      assert.deepEqual(await storage.waiting('study'), [])
    }
  },
  {
    title: 'a running trial is finished once among handles; a living one’s trial is not taken',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      await created(storage)
      assert.equal(await other.take('study'), undefined)
      const settled = await Promise.allSettled(
        [storage, other].map((handle, value) => handle.finish('study', 0, { outcome: { state: 'complete', value: [value] } }))
      )
      assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
      assert.deepEqual(await readAll(other), await readAll(storage))
    }
  },
  {
    title: 'a study that one handle removed is gone for the other',
    async check(storage, second) {
      await storage.open(spec, 'load')
      const other = await second()
      await created(other)
      await storage.remove('study')
      assert.equal(await codeOf(created(other)), 'STUDY_UNKNOWN')
      await storage.open(spec, 'fail')
      assert.equal((await created(other)).number, 0)
      assert.equal((await readAll(storage)).length, 1)
    }
  }
]
