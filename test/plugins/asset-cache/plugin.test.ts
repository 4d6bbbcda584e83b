import { type AssetBundle, assetCache, openAssetCache } from '@rxtuna/asset-cache'
import { createStudy, float, ofType, type Plugin, type StudyEvent, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'

const x = space({ x: float(0, 1) })

function bundleOf(name: string) {
  const bundle = {
    name,
    current: '1',
    asked: 0,
    async version() {
      bundle.asked++
      return bundle.current
    },
    assets: async () => ['AAPL', 'MSFT']
  }
  return bundle satisfies AssetBundle
}

describe('the asset cache as a plugin', () => {
  it("asks each bundle's version once per run, not per access, and reports at the end of each run", async () => {
    const cache = openAssetCache()
    const bundle = bundleOf('prices')
    const study = await createStudy({ name: 's', sampler: samplers.random(), seed: 1, plugins: [assetCache(cache)] })
    const reports: StudyEvent<'asset-cache.reported'>[] = []
    study.events$.pipe(ofType('asset-cache.reported')).subscribe(event => reports.push(event))
    const evaluate = async () => (await cache.assets(bundle)).length
    await study.optimize({ space: x, evaluate }, { trials: 5, concurrency: 2 })
    // Once more after the load.
    expect(bundle.asked).to.equal(2)
    await study.optimize({ space: x, evaluate }, { trials: 5 })
    expect(bundle.asked).to.equal(3)
    await cache.assets(bundle)
    await cache.assets(bundle)
    expect(bundle.asked).to.equal(5)
    await study.close()
    expect(reports.map(({ cache: name, stats }) => [name, stats.hits + stats.joined, stats.misses])).to.deep.equal([
      ['asset-cache', 4, 1],
      ['asset-cache', 9, 1]
    ])
  })

  it('asks at every access of a run where the user chooses that', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    await using study = await createStudy({ name: 's', sampler: samplers.random(), plugins: [assetCache(cache, { versions: 'access' })] })
    await study.optimize({ space: x, evaluate: async () => (await cache.assets(bundle)).length }, { trials: 5 })
    // And once after the load.
    expect(bundle.asked).to.equal(6)
    expect(() => assetCache(cache, { versions: 'never' as never }))
      .to.throw()
      .with.property('code', 'VERSIONS')
  })

  it('notices in the next run that a bundle changed during the last one', async () => {
    const cache = openAssetCache()
    const bundle = bundleOf('prices')
    const heard: string[] = []
    cache.events.on('invalidate', ({ key, reason }) => heard.push(`${key} ${reason}`))
    await using study = await createStudy({ name: 's', sampler: samplers.random(), seed: 1, plugins: [assetCache(cache)] })
    const evaluate = async () => {
      await cache.assets(bundle)
      bundle.current = '2'
      return 1
    }
    await study.optimize({ space: x, evaluate }, { trials: 2 })
    expect(heard).to.deep.equal([])
    await study.optimize({ space: x, evaluate }, { trials: 2 })
    expect(heard).to.deep.equal(['["prices","1"] version'])
  })

  it('registers the cache with the study, and leaves it open when the study closes', async () => {
    const cache = openAssetCache({ name: 'universe' })
    const names: string[] = []
    const look: Plugin = { name: 'look', install: ctx => void names.push(...ctx.caches.all().map(({ name }) => name)) }
    const study = await createStudy({ name: 's', plugins: [assetCache(cache), look] })
    await study.close()
    expect(names).to.deep.equal(['universe'])
    expect(await cache.assets(bundleOf('prices'))).to.deep.equal(['AAPL', 'MSFT'])
  })
})
