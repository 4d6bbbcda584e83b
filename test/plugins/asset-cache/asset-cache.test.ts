import { type AssetBundle, openAssetCache } from '@rxtuna/asset-cache'
import { StudyError } from '@rxtuna/core'
import { expect } from 'chai'
import { rejection } from './rejection.ts'

/** A bundle whose version and assets a test changes as it likes; it counts how often it is asked. */
function bundleOf(name: string, assets: readonly string[] = ['AAPL', 'MSFT']) {
  const bundle = {
    name,
    current: '1',
    listed: assets,
    versions: 0,
    loads: 0,
    async version() {
      bundle.versions++
      return bundle.current
    },
    async assets(_signal?: AbortSignal): Promise<readonly string[]> {
      bundle.loads++
      return bundle.listed
    }
  }
  return bundle satisfies AssetBundle
}

type Bundle = ReturnType<typeof bundleOf>

describe('the asset cache', () => {
  it("lists a bundle's assets once per version, in the bundle's order, and asks the version at each access", async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices', ['MSFT', 'AAPL'])
    expect(await cache.assets(bundle)).to.deep.equal(['MSFT', 'AAPL'])
    expect(await cache.assets(bundle)).to.deep.equal(['MSFT', 'AAPL'])
    // Once at each access, and once after the load.
    expect(bundle).to.include({ loads: 1, versions: 3 })
    expect(cache.stats()).to.include({ hits: 1, misses: 1, joined: 0, entries: 1, bytes: 16, maxEntries: 128, savedEstimated: true })
  })

  it('keeps filtered lists beside the full one, by the id of their rule, and lists the bundle once for all', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices', ['MSFT', 'AAPL', 'AMZN'])
    let asked = 0
    const filter = (id: string, letter: string) => ({
      id,
      accepts: (asset: string) => {
        asked++
        return asset.startsWith(letter)
      }
    })
    for (let i = 0; i < 2; i++) {
      expect(await cache.assets(bundle, { filter: filter('a', 'A') })).to.deep.equal(['AAPL', 'AMZN'])
      expect(await cache.assets(bundle, { filter: filter('m', 'M') })).to.deep.equal(['MSFT'])
    }
    expect(await cache.assets(bundle)).to.have.length(3)
    expect([asked, bundle.loads]).to.deep.equal([6, 1])
    expect(Object.isFrozen(await cache.assets(bundle, { filter: filter('a', 'A') }))).to.equal(true)
    expect(cache.stats()).to.include({ misses: 3, hits: 5, entries: 3 })
    bundle.current = '2'
    bundle.listed = ['ABB']
    expect(await cache.assets(bundle, { filter: filter('a', 'A') })).to.deep.equal(['ABB'])
    await using off = openAssetCache({ enabled: false })
    expect(await off.assets(bundle, { filter: filter('m', 'M') })).to.deep.equal([])
    expect(await rejection(cache.assets(bundle, { filter: { id: '', accepts: () => true } }))).to.include({ code: 'ASSET_FILTER' })
  })

  it('hands out frozen lists that do not follow what the bundle does to its own', async () => {
    await using cache = openAssetCache()
    const own = ['AAPL']
    const listed = (await cache.assets(bundleOf('prices', own))) as string[]
    own.push('POISON')
    expect(() => listed.push('POISON')).to.throw(TypeError)
    expect(await cache.assets(bundleOf('prices'))).to.deep.equal(['AAPL'])
  })

  it('notices a new version at once, says so, and recognizes an old one that comes back', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    const heard: unknown[] = []
    cache.events.on('invalidate', event => heard.push(event))
    await cache.assets(bundle)
    bundle.current = '2'
    bundle.listed = ['AAPL', 'META']
    expect(await cache.assets(bundle)).to.deep.equal(['AAPL', 'META'])
    expect(heard).to.deep.equal([{ key: '["prices","1"]', reason: 'version' }])
    bundle.current = '1'
    expect(await cache.assets(bundle)).to.deep.equal(['AAPL', 'MSFT'])
    expect(bundle.loads).to.equal(2)
  })

  it('never mixes two bundles, whatever their names and versions look like', async () => {
    await using cache = openAssetCache()
    const one = { ...bundleOf('a'), version: async () => 'b@c', assets: async () => ['one'] }
    const other = { ...bundleOf('a@b'), version: async () => 'c', assets: async () => ['other'] }
    const quoted = { ...bundleOf('a","b@c'), version: async () => 'x', assets: async () => ['quoted'] }
    expect([await cache.assets(one), await cache.assets(other), await cache.assets(quoted)]).to.deep.equal([['one'], ['other'], ['quoted']])
  })

  it('evicts lists of an older version first, then the least recently used', async () => {
    await using cache = openAssetCache({ maxEntries: 3 })
    const evicted: unknown[] = []
    cache.events.on('evict', ({ key, reason }) => evicted.push([key, reason]))
    const [a, b, c, d] = [bundleOf('a'), bundleOf('b'), bundleOf('c'), bundleOf('d')]
    await cache.assets(b)
    await cache.assets(a)
    const changed = { ...a, version: async () => '2' }
    await cache.assets(changed)
    await cache.assets(c)
    expect(evicted).to.deep.equal([['["a","1"]', 'version']])
    await cache.assets(b)
    await cache.assets(d)
    expect(evicted.slice(1)).to.deep.equal([['["a","2"]', 'count']])
    expect(cache.stats()).to.include({ entries: 3, evictions: 2, bytes: 48 })
  })

  it('lists once for callers that come together, and the others count as joined', async () => {
    await using cache = openAssetCache()
    const gate = Promise.withResolvers<readonly string[]>()
    const bundle = { ...bundleOf('prices'), assets: () => gate.promise }
    const callers = [1, 2, 3].map(() => cache.assets(bundle))
    gate.resolve(['A'])
    const lists = await Promise.all(callers)
    expect(new Set(lists).size).to.equal(1)
    expect(cache.stats()).to.include({ hits: 0, misses: 1, joined: 2 })
  })

  it('does not keep an error: all who waited get it, the next caller lists anew', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    const broken = { ...bundle, assets: async () => Promise.reject(new Error('no disk')) }
    const errors = await Promise.all([rejection(cache.assets(broken)), rejection(cache.assets(broken))])
    expect(errors.map(error => (error as Error).message)).to.deep.equal(['no disk', 'no disk'])
    expect(await cache.assets(bundle)).to.deep.equal(['AAPL', 'MSFT'])
    const unversioned = { ...bundle, version: async () => Promise.reject(new Error('no stat')) }
    expect(await rejection(cache.assets(unversioned))).to.have.property('message', 'no stat')
    expect(cache.stats()).to.include({ entries: 1, misses: 2 })
  })

  it('lets an aborted caller leave, while it waits for the version or for the list, and keeps nothing of an aborted load', async () => {
    await using cache = openAssetCache()
    const caller = new AbortController()
    const silent = { ...bundleOf('prices'), version: () => new Promise<string>(() => {}) }
    const first = rejection(cache.assets(silent, { signal: caller.signal }))
    caller.abort('left')
    expect(await first).to.equal('left')

    const started = Promise.withResolvers<AbortSignal | undefined>()
    const gate = Promise.withResolvers<readonly string[]>()
    const slow: AssetBundle = {
      ...bundleOf('prices'),
      assets: signal => {
        started.resolve(signal)
        return gate.promise
      }
    }
    const second = new AbortController()
    const waiting = rejection(cache.assets(slow, { signal: second.signal }))
    const signal = await started.promise
    second.abort('gone')
    expect(await waiting).to.equal('gone')
    expect(signal?.aborted).to.equal(true)
    gate.resolve(['late'])
    await new Promise(setImmediate)
    expect(cache.stats().entries).to.equal(0)
    expect(await cache.assets(bundleOf('prices'))).to.deep.equal(['AAPL', 'MSFT'])
  })

  it('filters once for callers that come together', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    let asked = 0
    const filter = { id: 'all', accepts: () => ++asked > 0 }
    const lists = await Promise.all(Array.from({ length: 64 }, () => cache.assets(bundle, { filter })))
    expect(new Set(lists).size).to.equal(1)
    expect(asked).to.equal(2)
    expect(cache.stats()).to.include({ misses: 2, joined: 63, entries: 2 })
  })

  it('refuses bundles, filters and options of another shape', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    for (const wrong of [undefined, 'prices', { ...bundle, version: '1' }, { ...bundle, assets: ['A'] }])
      expect(await rejection(cache.assets(wrong as never))).to.have.property('code', 'BUNDLE_SHAPE')
    const filter = { id: 'async', accepts: async () => false }
    expect(await rejection(cache.assets(bundle, { filter: filter as never }))).to.have.property('code', 'ASSET_ACCEPTED')
    expect(() => openAssetCache({ maxsize: 1 } as never))
      .to.throw()
      .with.property('code', 'OPTION_UNKNOWN')
  })

  it('lists a bundle again that changed while it was listed, also while versions are pinned, and three times at most', async () => {
    await using cache = openAssetCache()
    using _pin = cache.pinVersions()
    const bundle = bundleOf('prices')
    const changing = {
      ...bundle,
      version: async () => bundle.current,
      assets: async () => {
        const listed = bundle.listed
        if (bundle.current === '1') Object.assign(bundle, { current: '2', listed: ['IBM'] })
        return listed
      }
    }
    expect(await cache.assets(changing)).to.deep.equal(['IBM'])
    expect(await cache.assets(changing)).to.deep.equal(['IBM'])
    Object.assign(bundle, { current: '1', listed: ['AAPL'] })
    expect(await cache.assets({ ...bundle, version: async () => bundle.current })).to.deep.equal(['IBM'])
    let version = 0
    const restless = { name: 'restless', version: async () => `${version++}`, assets: async () => ['A'] }
    expect(await rejection(cache.assets(restless))).to.have.property('code', 'BUNDLE_CHANGES')
    expect(cache.stats().entries).to.equal(1)
  })

  it('asks each version once while versions are pinned, anew for each pin, and at each access when the last pin has gone', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    const access = async (times: number) => {
      for (let i = 0; i < times; i++) await cache.assets(bundle)
      return bundle.versions
    }
    const first = cache.pinVersions()
    // And once after the load.
    expect(await access(3)).to.equal(2)
    const second = cache.pinVersions()
    expect(await access(3)).to.equal(3)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    expect(await access(3)).to.equal(3)
    second[Symbol.dispose]()
    expect(await access(3)).to.equal(6)
  })

  it('asks again after a version could not be had, pinned or not', async () => {
    await using cache = openAssetCache()
    using _pin = cache.pinVersions()
    const bundle = bundleOf('prices')
    await rejection(cache.assets({ ...bundle, version: async () => Promise.reject(new Error('busy')) }))
    expect(await cache.assets(bundle)).to.deep.equal(['AAPL', 'MSFT'])
  })

  it('lists at every call when it is switched off, asks no version, and keeps nothing', async () => {
    await using cache = openAssetCache({ enabled: false })
    const bundle = bundleOf('prices')
    const lists = await Promise.all([cache.assets(bundle), cache.assets(bundle)])
    expect(lists[0]).to.deep.equal(['AAPL', 'MSFT'])
    expect(bundle).to.include({ loads: 2, versions: 0 })
    expect(cache.stats()).to.include({ hits: 0, misses: 2, joined: 0, entries: 0, savedMs: 0 })
  })

  it('forgets all when it is cleared, also what was being listed then', async () => {
    await using cache = openAssetCache()
    const bundle = bundleOf('prices')
    const heard: unknown[] = []
    cache.events.on('invalidate', ({ reason }) => heard.push(reason))
    await cache.assets(bundle)
    const started = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<readonly string[]>()
    const slow = cache.assets({
      ...bundleOf('slow'),
      assets: () => {
        started.resolve()
        return gate.promise
      }
    })
    await started.promise
    cache.clear()
    gate.resolve(['old'])
    expect(await slow).to.deep.equal(['old'])
    expect(heard).to.deep.equal(['manual'])
    expect(cache.stats()).to.include({ hits: 0, misses: 0, entries: 0, bytes: 0 })
    await cache.assets(bundle)
    expect(bundle.loads).to.equal(2)
  })

  it('puts wraps around each listing, and takes them away again', async () => {
    await using cache = openAssetCache()
    const log: string[] = []
    const wrap = cache.around(async (key, load) => {
      log.push(key)
      return load()
    })
    await cache.assets(bundleOf('a'))
    await cache.assets(bundleOf('a'))
    wrap[Symbol.dispose]()
    await cache.assets(bundleOf('b'))
    expect(log).to.deep.equal(['["a","1"]'])
  })

  it('refuses with a sentence what is no bundle, no version, no list, no limit, and any call once it is closed', async () => {
    const cache = openAssetCache()
    const bundle = bundleOf('prices')
    const code = async (promise: Promise<unknown>) => {
      const error = await rejection(promise)
      expect(error).to.be.instanceOf(StudyError)
      expect((error as StudyError).message).to.match(/^Expected .+, got .+\.$/)
      return (error as StudyError).code
    }
    expect(await code(cache.assets({ ...bundle, name: '' }))).to.equal('BUNDLE_NAME')
    expect(await code(cache.assets({ ...bundle, version: async () => '' }))).to.equal('BUNDLE_VERSION')
    expect(await code(cache.assets({ ...bundle, assets: async () => ['A', 1 as unknown as string] }))).to.equal('ASSETS_SHAPE')
    expect(() => openAssetCache({ maxEntries: 0.5 })).to.throw(StudyError, 'whole number from 1')
    await cache[Symbol.asyncDispose]()
    await cache[Symbol.asyncDispose]()
    expect(await code(cache.assets(bundle))).to.equal('ASSET_CACHE_CLOSED')
  })

  it('keeps fewer lists from now on, or more, when it is resized, old versions going first', async () => {
    await using cache = openAssetCache()
    const [a, b, c] = ['a', 'b', 'c'].map(name => bundleOf(name)) as [Bundle, Bundle, Bundle]
    for (const bundle of [a, b, c]) await cache.assets(bundle)
    c.current = '2'
    await cache.assets(c)
    cache.resize(3)
    cache.resize(2)
    expect(cache.stats()).to.include({ entries: 2, maxEntries: 2, evictions: 2, bytes: 32 })
    for (const bundle of [b, c]) await cache.assets(bundle)
    expect([a.loads, b.loads, c.loads]).to.deep.equal([1, 1, 2])
    await cache.assets(a)
    expect(cache.stats().entries).to.equal(2)
    cache.resize(9)
    await cache.assets(b)
    expect(cache.stats()).to.include({ entries: 3, maxEntries: 9 })
    expect(() => cache.resize(0.5))
      .to.throw()
      .with.property('code', 'MAX_ENTRIES')
  })
})
