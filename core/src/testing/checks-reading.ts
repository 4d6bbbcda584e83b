import assert from 'node:assert/strict'
import type { Cursor, StudyStorage } from '../storages/storage.ts'
import type { TrialRecord } from '../trial.ts'
import { created, readAll, type StorageCheck, spec, withX } from './storage-check.ts'

const finish = (storage: StudyStorage, number: number) =>
  storage.finish('study', number, { outcome: { state: 'complete', value: [number] } })

/** A reader that keeps the newest record of each number. */
class Reader {
  readonly records = new Map<number, TrialRecord>()
  #cursor: Cursor

  /** Reads to the last page, which is the first that is not full. */
  async read(storage: StudyStorage, limit?: number): Promise<readonly TrialRecord[]> {
    const all: TrialRecord[] = []
    for (;;) {
      const { trials, cursor } = await storage.read('study', this.#cursor, limit)
      this.#cursor = cursor
      all.push(...trials)
      for (const trial of trials) this.records.set(trial.number, trial)
      if (limit === undefined || trials.length < limit) return all
      assert.ok(trials.length <= limit && all.length < 10_000, 'pages are bounded and end')
    }
  }
}

export const reading: readonly StorageCheck[] = [
  {
    title: 'a reader sees every trial in the order of numbers, running ones too',
    async check(storage) {
      await storage.open(spec, 'load')
      for (let i = 0; i < 5; i++) await created(storage, withX(i))
      await finish(storage, 3)
      assert.deepEqual(
        (await readAll(storage)).map(({ number, state, params }) => [number, state, params.x]),
        [0, 1, 2, 3, 4].map(number => [number, number === 3 ? 'complete' : 'running', number])
      )
    }
  },
  {
    title: 'a cursor gives what was created since',
    async check(storage) {
      await storage.open(spec, 'load')
      const reader = new Reader()
      assert.deepEqual(await reader.read(storage), [])
      await finish(storage, (await created(storage)).number)
      assert.deepEqual(
        (await reader.read(storage)).map(({ number }) => number),
        [0]
      )
      await created(storage)
      assert.ok((await reader.read(storage)).every(({ number }) => number === 1))
      assert.equal(reader.records.size, 2)
    }
  },
  {
    title: 'a cursor gives what was unfinished and has changed: it never misses a finished trial',
    async check(storage) {
      await storage.open(spec, 'load')
      const reader = new Reader()
      for (let i = 0; i < 4; i++) await created(storage)
      await reader.read(storage)
      await finish(storage, 2)
      await storage.update('study', 1, { reports: [{ step: 0, value: 1 }] })
      await created(storage)
      await finish(storage, 4)
      await reader.read(storage)
      assert.deepEqual(
        [2, 4].map(number => reader.records.get(number)?.state),
        ['complete', 'complete']
      )
      assert.deepEqual(reader.records.get(1)?.reports, [{ step: 0, value: 1 }])
      await finish(storage, 0)
      await finish(storage, 1)
      await reader.read(storage)
      assert.deepEqual(
        [...reader.records.values()].filter(({ state }) => state === 'running').map(({ number }) => number),
        [3]
      )
    }
  },
  {
    title: 'a trial that waited is read once it was taken',
    async check(storage) {
      await storage.open(spec, 'load')
      const reader = new Reader()
      await created(storage, { state: 'waiting' })
      await created(storage, { state: 'waiting' })
      await created(storage)
      await reader.read(storage)
      assert.deepEqual([...reader.records.keys()], [2])
      await storage.take('study')
      assert.deepEqual(
        (await reader.read(storage)).filter(({ number }) => number < 2).map(({ number, state }) => [number, state]),
        [[0, 'running']]
      )
      await storage.take('study')
      await finish(storage, 1)
      await reader.read(storage)
      assert.equal(reader.records.get(1)?.state, 'complete')
    }
  },
  {
    title: 'pages have at most `limit` trials, and one that is not full is the last',
    async check(storage) {
      await storage.open(spec, 'load')
      const reader = new Reader()
      for (let i = 0; i < 25; i++) await created(storage, i % 5 === 1 ? { state: 'waiting' } : withX(i))
      for (let number = 2; number < 25; number += 5) await finish(storage, number)
      for (const limit of [1, 4, 10, 20, 100]) {
        const each = new Reader()
        await each.read(storage, limit)
        assert.deepEqual([...each.records.values()], await readAll(storage))
      }
      await reader.read(storage, 7)
      for (let i = 0; i < 5; i++) await storage.take('study')
      for (let number = 0; number < 25; number++) if (number % 5 !== 2) await finish(storage, number)
      for (let i = 0; i < 6; i++) await created(storage)
      await reader.read(storage, 4)
      const states = [...reader.records.values()].map(({ state }) => state)
      assert.deepEqual([states.filter(state => state === 'complete').length, states.length], [25, 31])
    }
  },
  {
    title: 'changes between two pages are not missed',
    async check(storage) {
      await storage.open(spec, 'load')
      for (let i = 0; i < 6; i++) await created(storage)
      const first = await storage.read('study', undefined, 4)
      await finish(storage, 0)
      await finish(storage, 5)
      await created(storage)
      const second = await storage.read('study', first.cursor, 100)
      const known = new Map([...first.trials, ...second.trials].map(trial => [trial.number, trial.state]))
      assert.deepEqual([known.get(0), known.get(5), known.get(6)], ['complete', 'complete', 'running'])
    }
  },
  {
    title: 'two readers do not disturb one another, and a cursor can be used again',
    async check(storage) {
      await storage.open(spec, 'load')
      await created(storage)
      const [one, two] = [await storage.read('study'), await storage.read('study')]
      const record = await finish(storage, 0)
      for (const { cursor } of [one, two, one]) assert.deepEqual((await storage.read('study', cursor)).trials, [record])
    }
  }
]
