import assert from 'node:assert/strict'
import type { NewTrial } from '../storages/storage.ts'
import { codeOf, created, readAll, readOne, type StorageCheck, spec, withX } from './storage-check.ts'

const everyKind: NewTrial = {
  state: 'running',
  params: { zeta: 0.1, alpha: 3, on: true, none: null, word: 'ü', rate: 1e-5, grid: 0.3, few: 4 },
  distributions: {
    zeta: { kind: 'float', low: 0, high: 1 },
    alpha: { kind: 'int', low: -5, high: 5 },
    on: { kind: 'categorical', choices: [false, true] },
    none: { kind: 'categorical', choices: ['x', null, 2.5] },
    word: { kind: 'categorical', choices: ['ä', 'ü'] },
    rate: { kind: 'float', low: 1e-7, high: 1, log: true },
    grid: { kind: 'float', low: 0, high: 0.9, step: 0.3 },
    few: { kind: 'int', low: 0, high: 8, step: 2 }
  },
  attributes: { note: 'größer', list: [1, { deep: null }] },
  systemAttributes: { 'rxtuna:scope': 'abc' }
}

export const creating: readonly StorageCheck[] = [
  {
    title: 'numbers are dense, beginning with 0',
    async check(storage) {
      await storage.open(spec, 'load')
      const records = await Promise.all(Array.from({ length: 20 }, () => created(storage)))
      assert.deepEqual(
        records.map(({ number }) => number).sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, number) => number)
      )
    }
  },
  {
    title: 'a trial is stored with its params in their order, their distributions and its attributes',
    async check(storage) {
      await storage.open(spec, 'load')
      const record = await created(storage, everyKind)
      assert.equal(record.state, 'running')
      assert.deepEqual(record.params, everyKind.params)
      assert.deepEqual(Object.keys(record.params), Object.keys(everyKind.params ?? {}))
      assert.deepEqual(record.distributions, everyKind.distributions)
      assert.deepEqual(record.attributes, everyKind.attributes)
      assert.equal(record.systemAttributes['rxtuna:scope'], 'abc')
      assert.deepEqual([record.values, record.reports, record.constraints], [[], [], {}])
      assert.ok(record.startedAt instanceof Date && record.finishedAt === undefined)
      assert.deepEqual(await readOne(storage, 0), record)
    }
  },
  {
    title: 'create at the next number succeeds; at a number that is taken, or beyond, it stores nothing and gives undefined',
    async check(storage) {
      await storage.open(spec, 'load')
      assert.equal((await storage.create('study', withX(1), 0))?.number, 0)
      assert.equal(await storage.create('study', withX(2), 0), undefined)
      assert.equal(await storage.create('study', withX(2), 2), undefined)
      assert.deepEqual(
        (await readAll(storage)).map(({ params }) => params),
        [{ x: 1 }]
      )
      assert.equal((await storage.create('study', withX(2), 1))?.number, 1)
    }
  },
  {
    title: 'of two creates at one number one wins',
    async check(storage) {
      await storage.open(spec, 'load')
      const records = await Promise.all([storage.create('study', withX(1), 0), storage.create('study', withX(2), 0)])
      assert.equal(records.filter(record => record !== undefined).length, 1)
      assert.equal((await readAll(storage)).length, 1)
    }
  },
  {
    title: 'a number that was reserved without params gets them by update',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage, { state: 'running' })
      await storage.update('study', number, { params: { b: 1, a: 2 }, distributions: intsOf('b', 'a') })
      await storage.update('study', number, { params: { c: 3 }, distributions: intsOf('c') })
      const { params, distributions } = await readOne(storage, number)
      assert.deepEqual(Object.entries(params), [
        ['b', 1],
        ['a', 2],
        ['c', 3]
      ])
      assert.deepEqual(distributions, intsOf('b', 'a', 'c'))
    }
  },
  {
    title: 'the first value of a param stands',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage, withX(1))
      await storage.update('study', number, { params: { x: 2, y: 3 }, distributions: { ...withX(0).distributions, ...intsOf('y') } })
      assert.deepEqual((await readOne(storage, number)).params, { x: 1, y: 3 })
    }
  },
  {
    title: 'records are frozen, and the caller’s objects are not',
    async check(storage) {
      await storage.open(spec, 'load')
      const trial = { state: 'running' as const, params: { x: 1 }, distributions: intsOf('x'), attributes: { deep: { list: [1] } } }
      const record = await created(storage, trial)
      for (const part of [record, record.params, record.reports, record.attributes, record.attributes.deep, record.values])
        assert.ok(Object.isFrozen(part))
      trial.params.x = 2
      trial.attributes.deep.list.push(2)
      assert.deepEqual(await readOne(storage, 0), record)
      assert.deepEqual(record.attributes, { deep: { list: [1] } })
    }
  },
  {
    title: 'an attribute that is no JSON is refused, and nothing is stored',
    async check(storage) {
      await storage.open(spec, 'load')
      // What the types forbid a program without types can still pass.
      const bad = { ok: 1, when: new Date(0) } as unknown as Record<string, null>
      assert.equal(await codeOf(storage.create('study', { ...withX(1), attributes: bad })), 'ATTRIBUTE_VALUE')
      assert.deepEqual(await readAll(storage), [])
      assert.equal((await created(storage)).number, 0)
    }
  },
  {
    title: 'numbers that JSON does not have are kept in attributes as Python spells them',
    async check(storage) {
      await storage.open(spec, 'load')
      const big = { $python: '100000000000000000000' }
      const record = await created(storage, { state: 'running', attributes: { nan: Number.NaN, list: [Number.NEGATIVE_INFINITY], big } })
      assert.deepEqual(record.attributes, { nan: { $python: 'NaN' }, list: [{ $python: '-Infinity' }], big })
      assert.deepEqual((await readOne(storage, 0)).attributes, record.attributes)
    }
  }
]

function intsOf(...names: readonly string[]): Record<string, { readonly kind: 'int'; readonly low: number; readonly high: number }> {
  return Object.fromEntries(names.map(name => [name, { kind: 'int', low: 0, high: 10 }]))
}
