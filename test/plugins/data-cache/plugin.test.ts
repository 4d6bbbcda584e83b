import { createStudy, float, ofType, type StudyEvent, samplers, space } from '@rxtuna/core'
import { dataCache, type GroupedData, type GroupRequest, openDataCache } from '@rxtuna/data-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { bars } from './tables.ts'

const request: GroupRequest = { dataset: 'bars', version: '1', groupBy: 'symbol', columns: ['close'] }
const load = async (): Promise<Table> => bars(['A', 'A'], [1, 2])
const x = space({ x: float(0, 1) })

function spoil(data: GroupedData): void {
  const close = data.groups.get('A')?.columns.close as Float64Array
  close[0] = -1
}

async function studyWith(isolation: 'types' | 'verify') {
  const cache = openDataCache({ isolation })
  const study = await createStudy({ name: 's', sampler: samplers.random(), seed: 1, plugins: [dataCache(cache)] })
  const written: StudyEvent<'data-cache.written'>[] = []
  study.events$.pipe(ofType('data-cache.written')).subscribe(event => written.push(event))
  return { cache, study, written }
}

describe('the data cache as a plugin', () => {
  it('asks a dataset for its version once per run, so that all its trials see one, or at every access where that is chosen', async () => {
    for (const versions of ['run', 'access'] as const) {
      const cache = openDataCache({ isolation: 'types' })
      await using study = await createStudy({ name: 's', sampler: samplers.random(), plugins: [dataCache(cache, { versions })] })
      let content = 1
      const changing = { ...request, version: async () => `${content}` }
      const run = async (): Promise<readonly unknown[]> => {
        const seen: unknown[] = []
        const evaluate = async (_params: unknown, { number }: { readonly number: number }) => {
          if (number % 4 === 2) content++
          const data = await cache.grouped(changing, async () => bars(['A'], [content]))
          seen.push(data.groups.get('A')?.columns.close?.[0])
          return 1
        }
        await study.optimize({ space: x, evaluate }, { trials: 4 })
        return seen
      }
      expect(await run()).to.deep.equal(versions === 'run' ? [1, 1, 1, 1] : [1, 1, 2, 2])
      expect(await run()).to.deep.equal(versions === 'run' ? [2, 2, 2, 2] : [2, 2, 3, 3])
      // Between runs, each access asks.
      content = 9
      expect((await cache.grouped(changing, async () => bars(['A'], [content]))).version).to.equal('9')
      await cache[Symbol.asyncDispose]()
    }
    expect(() => dataCache(openDataCache(), { versions: 'never' as never }))
      .to.throw()
      .with.property('code', 'VERSIONS')
  })

  it('finds a trial that wrote into its data, names it, and the next trial has the right data again', async () => {
    const { cache, study, written } = await studyWith('verify')
    const seen: (number | undefined)[] = []
    const evaluate = async (_params: unknown, trial: { readonly number: number }) => {
      const data = await cache.grouped(request, load)
      seen.push(data.groups.get('A')?.columns.close?.[0])
      if (trial.number === 1) spoil(data)
      return 1
    }
    await study.optimize({ space: x, evaluate }, { trials: 3 })
    expect(seen).to.deep.equal([1, 1, 1])
    expect(written.map(({ trials, users, dataset, cache: name }) => ({ trials, users, dataset, name }))).to.deep.equal([
      { trials: [1], users: ['s/1'], dataset: 'bars', name: 'data-cache' }
    ])
    await study.close()
    expect(cache.stats()).to.include({ misses: 2, hits: 1 })
  })

  it('names all trials that ran beside each other on written data, also when a trial failed or was pruned', async () => {
    const { cache, study, written } = await studyWith('verify')
    const both = Promise.withResolvers<void>()
    let ready = 0
    const evaluate = async (_params: unknown, trial: { readonly number: number; prune(): never }) => {
      const data = await cache.grouped(request, load)
      if (++ready === 2) both.resolve()
      await both.promise
      if (trial.number === 0) spoil(data)
      if (trial.number === 0) throw new Error('after writing')
      return trial.prune()
    }
    await study.optimize({ space: x, evaluate }, { trials: 2, concurrency: 2, onError: 'continue' })
    expect(written.map(({ trials }) => trials)).to.deep.equal([[0, 1]])
    await study.close()
  })

  it('finds what a trial wrote into data that was loaded before the run', async () => {
    const { cache, study, written } = await studyWith('verify')
    const data = await cache.grouped(request, load)
    const evaluate = (_params: unknown, trial: { readonly number: number }) => {
      if (trial.number === 1) spoil(data)
      return 1
    }
    await study.optimize({ space: x, evaluate }, { trials: 3 })
    expect(written.map(({ trials }) => trials)).to.deep.equal([[1]])
    await study.close()
  })

  it('works in a hand-written loop too', async () => {
    const { cache, study, written } = await studyWith('verify')
    const [first, second] = [await study.ask(x), await study.ask(x)]
    spoil(await cache.grouped(request, load))
    await study.tell(first, 1)
    await study.tell(second, 2)
    expect(written.map(({ trials }) => trials)).to.deep.equal([[0, 1]])
    await study.close()
  })

  it('checks nothing unless it is to verify, and leaves the lent cache open when the study closes', async () => {
    const { cache, study, written } = await studyWith('types')
    const evaluate = async () => {
      spoil(await cache.grouped(request, load))
      return 1
    }
    await study.optimize({ space: x, evaluate }, { trials: 2 })
    await study.close()
    expect(written).to.deep.equal([])
    expect((await cache.grouped(request, load)).groups.get('A')?.columns.close?.[0]).to.equal(-1)
  })
})
