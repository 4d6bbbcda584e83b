import assert from 'node:assert/strict'
import { codeOf, created, readAll, readOne, type StorageCheck, spec, withX } from './storage-check.ts'

export const taking: readonly StorageCheck[] = [
  {
    title: 'take gives nothing when nothing waits, and leaves running trials alone',
    async check(storage) {
      await storage.open(spec, 'load')
      assert.equal(await storage.take('study'), undefined)
      await created(storage)
      assert.equal(await storage.take('study'), undefined)
    }
  },
  {
    title: 'waiting trials are taken in order, and are running then',
    async check(storage) {
      await storage.open(spec, 'load')
      for (const x of [1, 2]) await created(storage, { state: 'waiting', systemAttributes: { fixed_params: { x } } })
      const waiting = await storage.waiting('study')
      assert.deepEqual(
        waiting.map(({ number, state, startedAt }) => [number, state, startedAt]),
        [
          [0, 'waiting', undefined],
          [1, 'waiting', undefined]
        ]
      )
      const first = await storage.take('study')
      assert.deepEqual([first?.number, first?.state, first?.systemAttributes.fixed_params], [0, 'running', { x: 1 }])
      assert.ok(first?.startedAt instanceof Date)
      assert.deepEqual(
        (await storage.waiting('study')).map(({ number }) => number),
        [1]
      )
      assert.deepEqual(await readOne(storage, 0), first)
      assert.equal((await storage.take('study'))?.number, 1)
      assert.equal(await storage.take('study'), undefined)
    }
  },
  {
    title: 'a waiting trial has one winner',
    async check(storage) {
      await storage.open(spec, 'load')
      for (let i = 0; i < 5; i++) await created(storage, { state: 'waiting' })
      const taken = await Promise.all(Array.from({ length: 12 }, () => storage.take('study')))
      const numbers = taken.filter(record => record !== undefined).map(({ number }) => number)
      assert.deepEqual(numbers.sort(), [0, 1, 2, 3, 4])
    }
  },
  {
    title: 'a waiting trial counts as a number, and keeps params it was given',
    async check(storage) {
      await storage.open(spec, 'load')
      await created(storage, { ...withX(4), state: 'waiting' })
      assert.equal((await created(storage)).number, 1)
      assert.deepEqual((await storage.take('study'))?.params, { x: 4 })
    }
  },
  {
    title: 'a waiting trial is neither read, updated nor finished before it is taken',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage, { state: 'waiting' })
      assert.deepEqual(await readAll(storage), [])
      assert.equal(await codeOf(storage.update('study', number, { attributes: { a: 1 } })), 'TRIAL_NOT_RUNNING')
      assert.equal(await codeOf(storage.finish('study', number, { outcome: { state: 'complete', value: [1] } })), 'TRIAL_NOT_RUNNING')
      assert.deepEqual((await storage.take('study'))?.attributes, {})
    }
  }
]
