import { createStudy, float, ofType, type Plugin, samplers, space as searchSpace, TrialPruned } from '@rxtuna/core'
import { tieredCache } from '@rxtuna/tiered-cache'
import { expect } from 'chai'
import { firstValueFrom } from 'rxjs'
import { bars, daily, gate, source, type Workspace, workspace } from './workspace.ts'

const space = searchSpace({ x: float(0, 1) })
const links = async (place: Workspace): Promise<readonly string[]> => {
  const rows = await place.rows(
    `SELECT backtest_id AS id, json_extract(request, '$.symbols[0]') AS name FROM backtest_cache_links JOIN cache_entries USING (cache_key)`
  )
  return rows.map(({ id, name }) => `${id} ${name}`).sort()
}

describe('the tiered cache as a plugin', () => {
  it('links the entries that completed and pruned trials used to study/number, however deep they asked', async () => {
    await using place = workspace()
    const cache = await place.open()
    await cache.put(daily('put before'), bars(0))
    {
      await using study = await createStudy({ name: 'sma', sampler: samplers.random(), plugins: [tieredCache(cache)], seed: 1 })
      const bothIn = gate()
      let inside = 0
      await study.optimize(
        {
          space,
          evaluate: async (_params, trial) => {
            // Two trials are inside at a time, so that one could be taken for the other.
            if (++inside === 2) bothIn.resolve()
            await bothIn.promise
            await Promise.all([
              cache.getOrLoad(daily('shared'), source(bars(1)).load),
              cache.getOrLoad(daily(`own ${trial.number}`), source(bars(2)).load)
            ])
            if (trial.number === 1) throw new TrialPruned('enough')
            if (trial.number === 2) throw new Error('broken')
            if (trial.number === 3) await cache.get(cache.key(daily('put before')))
            return trial.number
          }
        },
        { trials: 4, concurrency: 2, onError: 'continue' }
      )
    }
    expect(await links(place)).to.deep.equal([
      'sma/0 own 0',
      'sma/0 shared',
      'sma/1 own 1',
      'sma/1 shared',
      'sma/3 own 3',
      'sma/3 put before',
      'sma/3 shared'
    ])
  })

  it("records the day's statistics when a run ends, and once", async () => {
    await using place = workspace()
    const cache = await place.open()
    await using study = await createStudy({ name: 's', sampler: samplers.random(), plugins: [tieredCache(cache)] })
    for (let run = 0; run < 2; run++) {
      const finished = firstValueFrom(study.events$.pipe(ofType('study.finished')))
      await study.optimize(
        { space, evaluate: async () => (await cache.getOrLoad(daily('A'), source(bars(1)).load)).numRows },
        { trials: 3 }
      )
      await finished
    }
    await study.close()
    const rows = await place.rows('SELECT SUM(hit_count) AS hits, SUM(miss_count) AS misses FROM cache_statistics')
    expect(rows).to.deep.equal([{ hits: 5, misses: 1 }])
    const [entry] = await place.rows('SELECT access_count AS count FROM cache_entries')
    expect(entry).to.deep.equal({ count: 6 })
  })

  it('registers the cache with the study, and leaves it open', async () => {
    await using place = workspace()
    const cache = await place.open()
    let names: readonly string[] = []
    const looking: Plugin = {
      name: 'looking',
      install: study => {
        names = study.caches.all().map(({ name }) => name)
      }
    }
    const study = await createStudy({ plugins: [tieredCache(cache), looking] })
    await study.close()
    expect(names).to.deep.equal(['tiered-cache'])
    await cache.put(daily('A'), bars(1))
    expect(cache.stats().entries).to.equal(1)
  })

  it('fails no study when the cache was closed first, but says so', async () => {
    await using place = workspace()
    const cache = await place.open()
    const study = await createStudy({ plugins: [tieredCache(cache)] })
    const failed = firstValueFrom(study.events$.pipe(ofType('plugin.failed')))
    await cache[Symbol.asyncDispose]()
    await study.close()
    expect((await failed).plugin).to.equal('tiered-cache')
  })
})
