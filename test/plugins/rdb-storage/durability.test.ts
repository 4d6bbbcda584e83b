import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TrialRecord } from '@rxtuna/core'
import { sqlite } from '@rxtuna/rdb-storage'
import { expect } from 'chai'
import { workerProcess } from './processes.ts'

const spec = { name: 'study', directions: ['minimize'] } as const

describe('several processes on one SQLite file', function () {
  this.timeout(60_000)
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-processes-'))
  after(() => rmSync(directory, { recursive: true }))

  it('lose nothing that a resolved call wrote when they are killed, and take over what the dead left running', async () => {
    const seed = Number(process.env.RXTUNA_SEED ?? Date.now() % 1_000_000)
    console.log(`      RXTUNA_SEED=${seed}`)
    const random = generator(seed)
    const path = join(directory, 'killed.db')
    const finished = new Map<number, number>()
    const started = new Set<number>()
    // The first one dies before it is ready, the others at a random line.
    for (const line of [0, ...Array.from({ length: 7 }, () => 2 + Math.floor(random() * 60))]) {
      const child = workerProcess('work', path)
      await child.printed(line)
      await child.kill()
      for (const [, word, number, value] of child.lines.map(text => /^(\w+) (\d+) ?(.*)$/.exec(text) ?? [])) {
        if (word === 'started') started.add(Number(number))
        if (word !== 'finished') continue
        expect(finished.has(Number(number)), `trial ${number} was finished twice`).to.equal(false)
        finished.set(Number(number), Number(value))
      }
    }
    expect(finished.size).to.be.greaterThan(10)

    await using storage = await sqlite(path)()
    await storage.open(spec, 'load')
    const trials = new Map((await storage.read('study')).trials.map(trial => [trial.number, trial]))
    expect([...trials.keys()]).to.deep.equal(Array.from({ length: trials.size }, (_, number) => number))
    for (const [number, value] of finished) {
      const trial = trials.get(number)
      expect([trial?.state, trial?.value, trial?.params.x]).to.deep.equal(['complete', value, value])
    }
    const left = [...trials.values()].filter(({ state }) => state === 'running')
    const taken: TrialRecord[] = []
    for (let trial = await storage.take('study'); trial; trial = await storage.take('study')) taken.push(trial)
    expect(taken.map(({ number }) => number)).to.deep.equal(left.map(({ number }) => number))
    for (const { number, params, reports, attributes } of taken) {
      expect([params, reports, attributes]).to.deep.equal([trials.get(number)?.params, [], {}])
      await storage.finish('study', number, { outcome: { state: 'complete', value: [0] } })
    }
    for (const number of started) expect(trials.has(number)).to.equal(true)
  })

  it('number their trials densely when they create them at the same time, lose none, and a reader that follows misses none', async () => {
    const path = join(directory, 'both.db')
    await using one = workerProcess('create', path, 100)
    await using two = workerProcess('create', path, 100)
    await Promise.all([one.printed(1), two.printed(1)])
    await using storage = await sqlite(path)()
    for (const child of [one, two]) child.go()
    const followed = new Map<number, TrialRecord>()
    let cursor: unknown
    const follow = async (limit: number): Promise<number> => {
      const page = await storage.read('study', cursor, limit)
      cursor = page.cursor
      for (const trial of page.trials) followed.set(trial.number, trial)
      return page.trials.length
    }
    let over = false
    const both = Promise.all([one.ended(), two.ended()]).finally(() => {
      over = true
    })
    while (!over) {
      await follow(5)
      await new Promise(resolve => setImmediate(resolve))
    }
    await both
    while ((await follow(50)) === 50);
    await using fresh = await sqlite(path)()
    const { trials } = await fresh.read('study')
    expect([...followed.values()].sort((a, b) => a.number - b.number)).to.deep.equal(trials)
    expect(trials.map(({ number }) => number)).to.deep.equal(Array.from({ length: 200 }, (_, number) => number))
    expect(trials.every(({ state }) => state === 'complete')).to.equal(true)
    const printed = [...one.lines, ...two.lines].filter(line => line.startsWith('finished')).map(line => Number(line.split(' ')[1]))
    expect(new Set(printed).size).to.equal(200)
  })

  it('leave the running trials of a living process to it, and take them lowest number first when it is dead', async () => {
    const path = join(directory, 'held.db')
    await using child = workerProcess('hold', path, 3)
    await child.printed(2)
    await using storage = await sqlite(path)()
    await storage.open(spec, 'load')
    expect(await storage.take('study')).to.equal(undefined)
    await storage.create('study', { state: 'waiting' })
    await child.kill()
    const numbers: (number | undefined)[] = []
    for (let i = 0; i < 5; i++) numbers.push((await storage.take('study'))?.number)
    expect(numbers).to.deep.equal([0, 1, 2, 3, undefined])
  })
})

/** Mulberry32: a test can be repeated by its seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
