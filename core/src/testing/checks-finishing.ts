import assert from 'node:assert/strict'
import type { TrialEnd } from '../storages/storage.ts'
import type { TrialOutcome } from '../trial.ts'
import { codeOf, created, readOne, type StorageCheck, spec, withX } from './storage-check.ts'

const complete = (...value: number[]): TrialEnd => ({ outcome: { state: 'complete', value } })
const infinity = Number.POSITIVE_INFINITY

export const finishing: readonly StorageCheck[] = [
  {
    title: 'the record of finish is the one that a later read gives, with all that was added',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage, { ...withX(1), attributes: { early: 1, replaced: 'old' } })
      await storage.update('study', number, { reports: [{ step: 0, value: 5 }], attributes: { replaced: 'new' } })
      const record = await storage.finish('study', number, {
        outcome: { state: 'complete', value: [2.5], reports: [{ step: 1, value: 4 }], constraints: { cost: -1, 'time: s': 0.5 } },
        params: { late: 'b' },
        distributions: { late: { kind: 'categorical', choices: ['a', 'b'] } },
        attributes: { last: [true] },
        systemAttributes: { 'rxtuna:scope': 'abc' }
      })
      assert.deepEqual(await readOne(storage, number), record)
      assert.deepEqual([record.state, record.values, record.value], ['complete', [2.5], 2.5])
      assert.deepEqual(record.params, { x: 1, late: 'b' })
      assert.deepEqual(record.reports, [
        { step: 0, value: 5 },
        { step: 1, value: 4 }
      ])
      assert.deepEqual(record.attributes, { early: 1, replaced: 'new', last: [true] })
      assert.deepEqual(record.constraints, { cost: -1, 'time: s': 0.5 })
      assert.equal(record.systemAttributes['rxtuna:scope'], 'abc')
      assert.ok(record.finishedAt instanceof Date)
    }
  },
  {
    title: 'a trial is finished once; later calls reject with TRIAL_NOT_RUNNING and change nothing',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage)
      const settled = await Promise.allSettled([1, 2, 3].map(value => storage.finish('study', number, complete(value))))
      assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'rejected', 'rejected'])
      const record = await readOne(storage, number)
      assert.equal(await codeOf(storage.finish('study', number, { outcome: { state: 'failed', error: 'late' } })), 'TRIAL_NOT_RUNNING')
      for (const change of [{ attributes: { a: 1 } }, { reports: [{ step: 9, value: 9 }] }, { systemAttributes: { b: 2 } }, {}])
        assert.equal(await codeOf(storage.update('study', number, change)), 'TRIAL_NOT_RUNNING')
      assert.deepEqual(await readOne(storage, number), record)
    }
  },
  {
    title: 'a trial that does not exist rejects with TRIAL_UNKNOWN',
    async check(storage) {
      await storage.open(spec, 'load')
      assert.equal(await codeOf(storage.finish('study', 0, complete(1))), 'TRIAL_UNKNOWN')
      assert.equal(await codeOf(storage.update('study', 7, {})), 'TRIAL_UNKNOWN')
    }
  },
  {
    title: 'NaN and another number of values are refused, and the trial stays as it was',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage)
      const extra = { attributes: { lost: 1 } }
      assert.equal(await codeOf(storage.finish('study', number, { ...complete(Number.NaN), ...extra })), 'VALUE_NAN')
      assert.equal(await codeOf(storage.finish('study', number, { ...complete(1, 2), ...extra })), 'VALUE_COUNT')
      const { state, attributes } = await readOne(storage, number)
      assert.deepEqual([state, attributes], ['running', {}])
      assert.deepEqual((await storage.finish('study', number, complete(1))).values, [1])
    }
  },
  {
    title: 'infinite values are kept, one per objective',
    async check(storage) {
      await storage.open({ name: 'study', directions: ['minimize', 'maximize', 'minimize'] }, 'load')
      const { number } = await created(storage)
      const record = await storage.finish('study', number, complete(infinity, -infinity, -0.1))
      assert.deepEqual(record.values, [infinity, -infinity, -0.1])
      assert.equal(record.value, undefined)
      assert.deepEqual(await readOne(storage, number), record)
    }
  },
  {
    title: 'the first report of a step stands, in the order of reporting; NaN and infinities are kept',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage)
      await storage.update('study', number, {
        reports: [
          { step: 3, value: 1 },
          { step: 1, value: Number.NaN },
          { step: 3, value: 2 }
        ]
      })
      const last = [
        { step: 1, value: 7 },
        { step: 0, value: infinity },
        { step: 2, value: -infinity }
      ]
      const { reports } = await storage.finish('study', number, { outcome: { state: 'complete', value: [0], reports: last } })
      const expected = [
        { step: 3, value: 1 },
        { step: 1, value: Number.NaN },
        { step: 0, value: infinity },
        { step: 2, value: -infinity }
      ]
      assert.deepEqual(reports, expected)
      assert.deepEqual((await readOne(storage, number)).reports, expected)
    }
  },
  {
    title: 'a pruned trial has the value of its last step, unless that is NaN or there are several objectives; a failed one has none',
    async check(storage) {
      await storage.open(spec, 'load')
      await storage.open({ name: 'two', directions: ['minimize', 'minimize'] }, 'load')
      const ended = async (outcome: TrialOutcome, study = 'study') => {
        const { number } = await created(storage, withX(1), study)
        return (await storage.finish(study, number, { outcome })).values
      }
      const reports = [
        { step: 5, value: 1.5 },
        { step: 2, value: 9 }
      ]
      assert.deepEqual(await ended({ state: 'pruned', reports }), [1.5])
      assert.deepEqual(await ended({ state: 'pruned', reports: [...reports, { step: 6, value: Number.NaN }] }), [])
      assert.deepEqual(await ended({ state: 'pruned' }), [])
      assert.deepEqual(await ended({ state: 'pruned', reports }, 'two'), [])
      assert.deepEqual(await ended({ state: 'failed', error: new Error('x'), reports }), [])
      const { number } = await created(storage)
      await storage.update('study', number, { reports })
      assert.equal((await storage.finish('study', number, { outcome: { state: 'pruned', reason: 'slow' } })).value, 1.5)
    }
  },
  {
    title: 'the first value of a constraint stands, infinite ones too',
    async check(storage) {
      await storage.open(spec, 'load')
      const { number } = await created(storage)
      await storage.update('study', number, { systemAttributes: { 'constraints:a': 1, other: 1 } })
      await storage.update('study', number, { systemAttributes: { 'constraints:a': 2, other: 2 } })
      const outcome: TrialOutcome = { state: 'complete', value: [0], constraints: { a: 3, b: infinity } }
      const record = await storage.finish('study', number, { outcome })
      assert.deepEqual(record.constraints, { a: 1, b: infinity })
      assert.equal(record.systemAttributes.other, 2)
      assert.deepEqual(await readOne(storage, number), record)
    }
  },
  {
    title: 'a reused outcome names the trial that it came from',
    async check(storage) {
      await storage.open(spec, 'load')
      await storage.finish('study', (await created(storage)).number, complete(1))
      const { number } = await created(storage)
      const record = await storage.finish('study', number, { outcome: { state: 'complete', value: [1], reusedFrom: 0 } })
      assert.equal(record.reusedFrom, 0)
      assert.equal((await readOne(storage, number)).reusedFrom, 0)
      assert.equal((await readOne(storage, 0)).reusedFrom, undefined)
    }
  },
  {
    title: 'a finished trial can be imported at once',
    async check(storage) {
      await storage.open(spec, 'load')
      const end: TrialEnd = {
        outcome: { state: 'complete', value: [3], reports: [{ step: 0, value: 4 }], constraints: { c: -1 } },
        attributes: { from: 'elsewhere' }
      }
      const record = await created(storage, { ...withX(2), attributes: { kept: 1 }, end })
      assert.deepEqual([record.state, record.value, record.params], ['complete', 3, { x: 2 }])
      assert.deepEqual([record.reports, record.constraints], [[{ step: 0, value: 4 }], { c: -1 }])
      assert.deepEqual(record.attributes, { kept: 1, from: 'elsewhere' })
      assert.deepEqual(await readOne(storage, 0), record)
      assert.equal(await codeOf(storage.finish('study', 0, complete(1))), 'TRIAL_NOT_RUNNING')
      assert.equal(await codeOf(storage.create('study', { ...withX(2), end: complete(Number.NaN) })), 'VALUE_NAN')
      assert.equal((await created(storage)).number, 1)
    }
  }
]
