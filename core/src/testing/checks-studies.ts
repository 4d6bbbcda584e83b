import assert from 'node:assert/strict'
import { codeOf, created, readAll, type StorageCheck, spec } from './storage-check.ts'

export const studies: readonly StorageCheck[] = [
  {
    title: 'open creates a study, and later gives what is stored',
    async check(storage) {
      const full = {
        name: 'full',
        directions: ['minimize', 'maximize'] as const,
        metricNames: ['loss', 'gain'],
        attributes: { note: 'größer ✓ 😀', nested: { list: [1, null, true, 'x'] } },
        systemAttributes: { 'rxtuna:seed': 7 }
      }
      const first = await storage.open(full, 'fail')
      assert.deepEqual(first, full)
      assert.deepEqual(await storage.open({ name: 'full', directions: ['minimize'] }, 'load'), full)
    }
  },
  {
    title: 'open rejects with STUDY_EXISTS when the study may not exist',
    async check(storage) {
      await storage.open(spec, 'load')
      assert.equal(await codeOf(storage.open(spec, 'fail')), 'STUDY_EXISTS')
    }
  },
  {
    title: 'studies lists all of them',
    async check(storage) {
      assert.deepEqual(await storage.studies(), [])
      await storage.open(spec, 'load')
      await storage.open({ name: 'Étude', directions: ['maximize'] }, 'load')
      assert.deepEqual((await storage.studies()).map(({ name }) => name).sort(), ['study', 'Étude'])
    }
  },
  {
    title: 'every call rejects with STUDY_UNKNOWN for a study that is not there',
    async check(storage) {
      for (const call of [
        () => storage.create('none', { state: 'running' }),
        () => storage.take('none'),
        () => storage.waiting('none'),
        () => storage.read('none'),
        () => storage.update('none', 0, {}),
        () => storage.finish('none', 0, { outcome: { state: 'pruned' } }),
        () => storage.setAttributes('none', {}),
        () => storage.remove('none')
      ])
        assert.equal(await codeOf(call()), 'STUDY_UNKNOWN')
    }
  },
  {
    title: 'attributes are added and replaced, the user’s and the system’s apart',
    async check(storage) {
      await storage.open({ ...spec, attributes: { kept: 1, replaced: 'old' } }, 'load')
      await storage.setAttributes('study', { replaced: { deep: [1.5, -1e-7, 1e21] }, 'new key': null })
      await storage.setAttributes('study', { 'rxtuna:seed': 3 }, { system: true })
      const { attributes, systemAttributes } = await storage.open(spec, 'load')
      assert.deepEqual(attributes, { kept: 1, replaced: { deep: [1.5, -1e-7, 1e21] }, 'new key': null })
      assert.deepEqual(systemAttributes, { 'rxtuna:seed': 3 })
    }
  },
  {
    title: 'studies do not share trials',
    async check(storage) {
      await storage.open(spec, 'load')
      await storage.open({ name: 'other', directions: ['minimize'] }, 'load')
      await created(storage)
      const other = await created(storage, { state: 'running' }, 'other')
      assert.equal(other.number, 0)
      assert.equal((await created(storage)).number, 1)
      assert.deepEqual((await readAll(storage)).length, 2)
      assert.deepEqual(await readAll(storage, 'other'), [other])
    }
  },
  {
    title: 'a removed study is gone with its trials, and its name is free',
    async check(storage) {
      await storage.open({ ...spec, attributes: { a: 1 } }, 'load')
      await storage.open({ name: 'other', directions: ['minimize'] }, 'load')
      await created(storage, { state: 'running' }, 'other')
      await created(storage)
      const { cursor } = await storage.read('study')
      await storage.remove('study')
      assert.equal(await codeOf(storage.read('study')), 'STUDY_UNKNOWN')
      assert.deepEqual(
        (await storage.studies()).map(({ name }) => name),
        ['other']
      )
      await storage.open({ name: 'study', directions: ['maximize'] }, 'fail')
      assert.deepEqual(await readAll(storage), [])
      const record = await created(storage)
      assert.equal(record.number, 0)
      assert.deepEqual((await storage.read('study', cursor)).trials, [record])
      assert.equal((await readAll(storage, 'other')).length, 1)
    }
  }
]
