import { createStudy, int, memory, space, TrialPruned } from '@rxtuna/core'
import { type DedupOptions, dedup, openMemoryGuard } from '@rxtuna/dedup'
import { expect } from 'chai'
import { watched } from '../../core/watched-storage.ts'
import { watchedGuard } from './watched-guard.ts'

/** Numbers in [0, 1) that a seed decides. */
function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Three studies on one storage and one guard, as three workers, with every call of both slowed by turns that the seed decides. */
async function race(seed: number, onDuplicate: NonNullable<DedupOptions['onDuplicate']>) {
  const random = numbers(seed)
  const turns = async (most: number): Promise<void> => {
    for (let turn = Math.floor(random() * most); turn > 0; turn--) await new Promise<void>(resolve => setImmediate(resolve))
  }
  const inner = memory()
  const shared = openMemoryGuard()
  const running = new Set<number>()
  const evaluated: number[] = []
  const evaluate = async ({ x }: { readonly x: number }): Promise<number> => {
    expect(running.has(x), `${x} is being evaluated already`).to.equal(false)
    running.add(x)
    await turns(30)
    running.delete(x)
    const chance = random()
    if (chance < 0.2) throw new Error('no prices')
    evaluated.push(x)
    if (chance < 0.3) throw new TrialPruned('too slow')
    return x
  }
  const work = async (): Promise<void> => {
    const guard = watchedGuard(shared)
    const storage = watched(inner)
    guard.before = () => turns(4)
    storage.before = () => turns(3)
    const plugins = [dedup({ guard: guard.guard, onDuplicate })]
    await using study = await createStudy({ name: 'study', seed, storage: storage.storage, plugins })
    await study.optimize({ space: space({ x: int(0, 11) }), evaluate }, { trials: 40, concurrency: 3, onError: 'continue' })
  }
  await Promise.all([work(), work(), work()])
  await using study = await createStudy({ name: 'study', storage: inner })
  return { evaluated, records: await study.trials() }
}

describe('workers that ask for the same numbers and the same params at the same time', function () {
  this.timeout(30_000)
  const drawn = Number(process.env.RXTUNA_SEED ?? Math.floor(Math.random() * 1e6))
  for (const onDuplicate of ['reuse', 'resample', 'prune'] as const)
    it(`evaluate each set once and wait for nobody for ever, under ${onDuplicate} (RXTUNA_SEED=${drawn})`, async () => {
      // Each of the first three once made trials wait for one another; under prune, the next one made a trial repeat a number that another one won.
      for (const seed of [110, 181, 189, 32_575, drawn, drawn + 1]) {
        const { evaluated, records } = await race(seed, onDuplicate)
        expect(new Set(evaluated).size, `seed ${seed}`).to.equal(evaluated.length)
        for (const { reusedFrom, params, state, value, number } of records) {
          expect(state, `seed ${seed}, trial ${number}`).not.to.equal('running')
          if (reusedFrom === undefined) continue
          expect(records[reusedFrom]?.params, `seed ${seed}, trial ${number}`).to.deep.equal(params)
          expect(records[reusedFrom]?.reusedFrom, `seed ${seed}, trial ${number}`).to.equal(undefined)
          if (onDuplicate === 'reuse') expect([records[reusedFrom]?.state, records[reusedFrom]?.value]).to.deep.equal([state, value])
        }
      }
    })
})
