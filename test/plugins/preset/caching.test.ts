import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Table, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { type CachingOptions, caching, createStudy, type PluginContext, space } from 'rxtuna'

const variables = [
  'RXTUNA_CACHE_SIZE_GB',
  'RXTUNA_ENABLE_CACHING',
  'RXTUNA_LRU_MAXSIZE',
  'RXTUNA_ENABLE_BUNDLE_POOLING',
  'RXTUNA_MAX_BUNDLE_POOL_SIZE'
]
const request = { symbols: ['A'], startDate: '2020-01-01', endDate: '2020-02-01', resolution: '1d', dataSource: 'test' }
const table = (): Table => new Table({ symbol: vectorFromArray(['A', 'A']), close: vectorFromArray(new Float64Array([1, 2])) })

/** A bundle that knows whether it is open. */
class Bundle implements AsyncDisposable {
  open = true
  async [Symbol.asyncDispose](): Promise<void> {
    this.open = false
  }
}

describe('caching()', () => {
  let directory: string
  let before: NodeJS.ProcessEnv
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rxtuna-preset-'))
    before = { ...process.env }
    for (const name of variables) delete process.env[name]
  })
  afterEach(() => {
    for (const name of variables) delete process.env[name]
    for (const name of variables) if (before[name] !== undefined) process.env[name] = before[name]
    rmSync(directory, { recursive: true })
  })
  const at = (options: CachingOptions = {}): CachingOptions => ({ directory: join(directory, 'cache'), ...options })
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'resolved',
      error => `${error.code}: ${error.message}`
    )

  it('lends its three caches to a study and closes them afterwards', async () => {
    let loads = 0
    const caches = await caching(at())
    await using study = await createStudy({ plugins: [...caches.plugins] })
    await study.optimize(
      {
        space: space(s => s.suggestInt('x', 1, 9)),
        evaluate: async x => {
          const load = async (): Promise<Table> => {
            loads++
            return table()
          }
          const loaded = await caches.tables.getOrLoad(request, load)
          const { groups } = await caches.data.grouped(
            { dataset: 'test', version: '1', groupBy: 'symbol', columns: ['close'] },
            async () => loaded
          )
          const names = await caches.assets.assets({ name: 'test', version: async () => '1', assets: async () => ['A'] })
          return x + groups.size + names.length
        }
      },
      { trials: 5 }
    )
    await study.close()
    expect(loads).to.equal(1)
    expect([caches.assets, caches.data, caches.tables].map(cache => cache.stats().hits)).to.deep.equal([4, 4, 4])
    await caches[Symbol.asyncDispose]()
    expect(await codeOf(caches.assets.assets({ name: 'test', version: async () => '1', assets: async () => ['A'] }))).to.contain('closed')
    expect(await codeOf(caches.tables.getOrLoad(request, async () => table()))).to.contain('closed')
  })

  it('takes its settings from the environment, and an option wins over its variable', async () => {
    process.env.RXTUNA_CACHE_SIZE_GB = '0.5'
    process.env.RXTUNA_LRU_MAXSIZE = '7'
    await using fromEnvironment = await caching(at())
    expect(fromEnvironment.data.stats().maxBytes).to.equal(2 ** 29)
    expect(fromEnvironment.assets.stats().maxEntries).to.equal(7)
    await using fromOptions = await caching(at({ cacheSizeGb: 1, lruMaxsize: 9 }))
    expect(fromOptions.data.stats().maxBytes).to.equal(2 ** 30)
    expect(fromOptions.assets.stats().maxEntries).to.equal(9)
  })

  it('writes nothing and keeps nothing when caching is off', async () => {
    process.env.RXTUNA_ENABLE_CACHING = 'false'
    await using caches = await caching(at())
    let loads = 0
    for (let i = 0; i < 2; i++)
      await caches.tables.getOrLoad(request, async () => {
        loads++
        return table()
      })
    expect(loads).to.equal(2)
    expect(existsSync(join(directory, 'cache'))).to.equal(false)
  })

  it('pools bundles within the limit, or closes each at once where pooling is off', async () => {
    const opened: Bundle[] = []
    const open = async (): Promise<Bundle> => {
      const bundle = new Bundle()
      opened.push(bundle)
      return bundle
    }
    const version = async (): Promise<string> => '1'
    process.env.RXTUNA_MAX_BUNDLE_POOL_SIZE = '1'
    {
      await using caches = await caching(at())
      const pool = caches.bundles({ open, version })
      for (const name of ['a', 'a', 'b']) await (await pool.acquire(name))[Symbol.asyncDispose]()
      expect(opened.map(bundle => bundle.open)).to.deep.equal([false, true])
    }
    expect(opened.map(bundle => bundle.open)).to.deep.equal([false, false])
    process.env.RXTUNA_ENABLE_BUNDLE_POOLING = '0'
    await using caches = await caching(at())
    const pool = caches.bundles({ open, version })
    for (const name of ['a', 'a']) await (await pool.acquire(name))[Symbol.asyncDispose]()
    expect(opened.slice(2).map(bundle => bundle.open)).to.deep.equal([false, false])
  })

  it('refuses a bad variable with a sentence that names it', async () => {
    for (const [name, value] of [
      ['RXTUNA_CACHE_SIZE_GB', 'nan'],
      ['RXTUNA_CACHE_SIZE_GB', ''],
      ['RXTUNA_CACHE_SIZE_GB', 'inf'],
      ['RXTUNA_CACHE_SIZE_GB', '-1'],
      ['RXTUNA_ENABLE_CACHING', 'ja'],
      ['RXTUNA_LRU_MAXSIZE', '1.5'],
      ['RXTUNA_ENABLE_BUNDLE_POOLING', ''],
      ['RXTUNA_MAX_BUNDLE_POOL_SIZE', '0']
    ] as const) {
      process.env[name] = value
      expect(await codeOf(caching(at())), `${name}=${value}`).to.match(new RegExp(`^CACHING_VARIABLE: Expected .* ${name}, got "${value}"`))
      delete process.env[name]
    }
  })

  it('refuses a bad option with a sentence that names it', async () => {
    for (const options of [{ cacheSizeGb: 0 }, { lruMaxsize: -1 }, { directory: '' }, { maxBundlePoolSize: 0.5 }])
      expect(await codeOf(caching(at(options)))).to.match(/^CACHING_OPTION: Expected .* as `\w+` of caching\(\), got/)
  })

  it('changes its limits while the caches are in use, all or none', async () => {
    await using caches = await caching(at())
    const open = async (): Promise<Bundle> => new Bundle()
    const pool = caches.bundles({ open, version: async () => '1' })
    await caches.resize({ cacheSizeGb: 0.5, lruMaxsize: 3, maxBundlePoolSize: 7 })
    expect([caches.data.stats().maxBytes, caches.assets.stats().maxEntries, pool.stats().maxEntries]).to.deep.equal([2 ** 29, 3, 7])
    expect(caches.bundles({ open, version: async () => '1', name: 'later' }).stats().maxEntries).to.equal(7)
    expect(await codeOf(caches.resize({ lruMaxsize: 5, cacheSizeGb: 0 })))
      .to.include('CACHING_OPTION')
      .and.to.include('`cacheSizeGb`')
    expect(await codeOf(caches.resize({ directory: 'x' } as never)))
      .to.include('CACHING_OPTION')
      .and.to.include('lruMaxsize')
    expect(await codeOf(caches.resize({ cacheSizeGb: 1, lruMaxsize: 2 ** 40 })))
      .to.include('CACHING_OPTION')
      .and.to.include('10,000,000')
    expect(await codeOf(caches.resize(null as never))).to.include('CACHING_OPTION')
    expect([caches.data.stats().maxBytes, caches.assets.stats().maxEntries]).to.deep.equal([2 ** 29, 3])
  })

  it('hands on how versions are asked, and how data is shared and kept apart', async () => {
    await using caches = await caching(at({ versions: 'access', shared: true, isolation: 'copy' }))
    const request = { dataset: 'test', version: '1', groupBy: 'symbol', columns: ['close'] }
    const data = await caches.data.grouped(request, async () => table())
    expect(data.transfer().keys).to.deep.equal(['A'])
    expect(caches.data.isolation).to.equal('copy')
    let asked = 0
    const bundle = { name: 'b', version: async () => `${asked++ < 0}`, assets: async () => ['A'] }
    await using study = await createStudy({ plugins: [...caches.plugins] })
    await study.optimize(async () => (await caches.assets.assets(bundle)).length, { trials: 3 })
    expect(asked).to.equal(4)
  })

  it('refuses options that it does not know, and names every pool and every stages object', async () => {
    for (const options of [{ cacheSizeGB: 2 }, { shared: 'yes' }, { versions: 'trial' }, { isolation: 'none' }, 5] as never[])
      expect(await codeOf(caching(at(options)))).to.match(/^(OPTION|CACHING_OPTION|ISOLATION)|resolved/)
    expect(await codeOf(caching({ cacheSizeGB: 2 } as never)))
      .to.include('OPTION_UNKNOWN')
      .and.to.include('cacheSizeGb')
    expect(await codeOf(caching({ shared: 'yes' } as never))).to.include('got "yes"')
    expect(await codeOf(caching({ versions: 'trial' } as never))).to.include('got "trial"')
    await using caches = await caching(at({ isolation: 'verify' }))
    const made = [1, 2, 3].map(data => caches.stages<object, Float64Array, number>(data, { only: () => Float64Array.of(data) }))
    expect(made.map(({ name }) => name)).to.deep.equal(['stages', 'stages-2', 'stages-3'])
    const pools = [1, 2].map(() => caches.bundles({ open: async () => new Bundle(), version: async () => '1' }))
    expect(pools.map(({ name }) => name)).to.deep.equal(['bundle-pool', 'bundle-pool-2'])
    await using _study = await createStudy({ plugins: [...caches.plugins] })
  })

  it('remembers versions of files in its directory, unless caching is off', async () => {
    const path = join(directory, 'prices')
    writeFileSync(path, 'one')
    await new Promise(resolve => setTimeout(resolve, 50))
    const store = join(directory, 'cache', 'versions.jsonl')
    await using off = await caching(at({ enableCaching: false }))
    const version = await off.fileVersion([path])
    expect(existsSync(store)).to.equal(false)
    await using on = await caching(at())
    expect(await on.fileVersion([path])).to.equal(version)
    expect(readFileSync(store, 'utf8')).to.include(path)
  })

  it('shows pools and stages to the plugins of a study, too, and stages nothing when caching is off', async () => {
    for (const enableCaching of [true, false]) {
      await using caches = await caching(at({ enableCaching }))
      caches.bundles({ open: async () => new Bundle(), version: async () => '1' })
      let computed = 0
      const steps = caches.stages<{ readonly n: number }, number, number>(1, {
        add: ({ n }: { readonly n: number }, _before: never, data: number) => {
          computed++
          return n + data
        }
      })
      const seen: string[] = []
      const looking = { name: 'looking', install: (study: PluginContext) => void seen.push(...study.caches.all().map(({ name }) => name)) }
      await using _study = await createStudy({ plugins: [...caches.plugins, looking] })
      expect(seen).to.include.members(['asset-cache', 'data-cache', 'bundle-pool', 'stages'])
      expect([await steps.evaluate({ n: 1 }), await steps.evaluate({ n: 1 })]).to.deep.equal([2, 2])
      expect(computed).to.equal(enableCaching ? 1 : 2)
    }
  })
})
