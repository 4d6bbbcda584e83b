import { readdirSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache, type TieredCacheOptions } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { expect } from 'chai'
import { bars, closes, daily, gate, rejection, source, workspace } from './workspace.ts'

describe('a tiered cache', () => {
  it('counts a miss, a hit in memory and a hit on disk, each once', async () => {
    await using space = workspace()
    const first = await space.open()
    const prices = source(bars(1))
    const events: string[] = []
    first.events.on('hit', ({ key, tier }) => events.push(`hit ${key} ${tier}`))
    first.events.on('miss', ({ key }) => events.push(`miss ${key}`))
    first.events.on('load', ({ key, bytes }) => events.push(`load ${key} ${bytes}`))
    const key = first.key(daily('A'))
    await first.getOrLoad(daily('A'), prices.load)
    await first.getOrLoad(daily('A'), prices.load)
    await first.get(key)
    expect(events).to.deep.equal([`miss ${key}`, `load ${key} 1200`, `hit ${key} hot`, `hit ${key} hot`])
    expect(first.stats()).to.deep.include({ hits: 2, misses: 1, joined: 0, tiers: { hot: 2 }, entries: 1, evictions: 0 })

    const second = await space.open()
    const table = await second.getOrLoad(daily('A'), prices.load)
    await second.getOrLoad(daily('A'), prices.load)
    expect(closes(table)).to.deep.equal(closes(bars(1)))
    expect(second.stats()).to.deep.include({ hits: 2, misses: 0, joined: 0, tiers: { cold: 1, hot: 1 } })
    expect(prices.loads).to.equal(1)
  })

  it('answers `get` from both tiers, and with nothing for a key that it does not know', async () => {
    await using space = workspace()
    const first = await space.open()
    await first.put(daily('A'), bars(1))
    expect(await first.get('0123456789abcdef')).to.equal(undefined)
    const second = await space.open()
    expect(closes(await second.get(second.key(daily('A'))))).to.deep.equal(closes(bars(1)))
    expect(second.stats().tiers).to.deep.equal({ cold: 1 })
  })

  it('loads once for 64 callers', async () => {
    await using space = workspace()
    const cache = await space.open()
    const open = gate()
    let loads = 0
    const load = async (): Promise<Table> => {
      loads++
      await open.promise
      return bars(1)
    }
    const calls = Array.from({ length: 64 }, () => cache.getOrLoad(daily('A'), load))
    open.resolve()
    const tables = await Promise.all(calls)
    expect(new Set(tables).size).to.equal(1)
    expect(loads).to.equal(1)
    expect(cache.stats()).to.deep.include({ hits: 0, misses: 1, joined: 63 })
  })

  it('decodes a file once for callers that ask at the same time', async () => {
    await using space = workspace()
    await (await space.open()).put(daily('A'), bars(1))
    const cache = await space.open()
    await Promise.all(Array.from({ length: 8 }, () => cache.get(cache.key(daily('A')))))
    expect(cache.stats()).to.deep.include({ hits: 1, misses: 0, joined: 7 })
  })

  it('rejects all callers of a failed load, keeps nothing, and loads again', async () => {
    await using space = workspace()
    const cache = await space.open()
    const fail = async (): Promise<Table> => {
      throw new Error('source is down')
    }
    const errors = await Promise.all([cache.getOrLoad(daily('A'), fail), cache.getOrLoad(daily('A'), fail)].map(rejection))
    expect(errors.map(error => error.message)).to.deep.equal(['source is down', 'source is down'])
    expect(closes(await cache.getOrLoad(daily('A'), source(bars(2)).load))).to.deep.equal(closes(bars(2)))
    expect(cache.stats()).to.deep.include({ misses: 2, joined: 1, entries: 1 })
  })

  it('lets an aborted caller leave, and aborts the load when the last has left', async () => {
    await using space = workspace()
    const cache = await space.open()
    const loading = gate()
    let signal: AbortSignal | undefined
    const load = (aborted: AbortSignal): Promise<Table> => {
      signal = aborted
      loading.resolve()
      return new Promise(() => {})
    }
    const [one, two] = [new AbortController(), new AbortController()]
    const first = rejection(cache.getOrLoad(daily('A'), load, { signal: one.signal }))
    const second = rejection(cache.getOrLoad(daily('A'), load, { signal: two.signal }))
    await loading.promise
    one.abort(new Error('first leaves'))
    expect((await first).message).to.equal('first leaves')
    expect(signal?.aborted).to.equal(false)
    two.abort(new Error('second leaves'))
    expect((await second).message).to.equal('second leaves')
    expect(signal?.aborted).to.equal(true)
    // The lease is free again, although that load never ends.
    expect(closes(await cache.getOrLoad(daily('A'), source(bars(1)).load))).to.deep.equal(closes(bars(1)))
  })

  it('never lets two requests of one key share an entry', async () => {
    await using space = workspace()
    const options: Partial<TieredCacheOptions> = { keyOf: () => 'same' }
    const cache = await space.open(options)
    await cache.getOrLoad(daily('A'), source(bars(1)).load)
    expect(closes(await cache.getOrLoad(daily('B'), source(bars(2)).load))).to.deep.equal(closes(bars(2)))
    expect(cache.stats()).to.deep.include({ hits: 0, misses: 2, entries: 1 })
    const again = await space.open(options)
    expect(closes(await again.getOrLoad(daily('A'), source(bars(1)).load))).to.deep.equal(closes(bars(1)))
    expect(again.stats()).to.deep.include({ hits: 0, misses: 1 })
    const both = await Promise.all([again.getOrLoad(daily('B'), source(bars(2)).load), again.getOrLoad(daily('C'), source(bars(3)).load)])
    expect(both.map(closes)).to.deep.equal([closes(bars(2)), closes(bars(3))])
  })

  for (const [what, damage, reason] of [
    ['changed', (path: string) => writeFileSync(path, new Uint8Array(statSync(path).size).fill(7)), 'checksum'],
    ['truncated', (path: string) => truncateSync(path, 100), 'checksum'],
    ['emptied', (path: string) => truncateSync(path, 0), 'checksum'],
    ['deleted', (path: string) => unlinkSync(path), 'missing']
  ] as const) {
    it(`takes a ${what} file for a miss, says so, and loads again`, async () => {
      await using space = workspace()
      await (await space.open()).put(daily('A'), bars(1))
      const cache = await space.open()
      damage(space.file(space.files()[0] ?? ''))
      const invalidated: string[] = []
      cache.events.on('invalidate', event => invalidated.push(`${event.key} ${event.reason}`))
      const key = cache.key(daily('A'))
      expect(await cache.get(key)).to.equal(undefined)
      expect(invalidated).to.deep.equal([`${key} ${reason}`])
      expect(space.files()).to.deep.equal([])
      expect(await space.rows('SELECT * FROM cache_entries')).to.deep.equal([])

      const prices = source(bars(1))
      await cache.getOrLoad(daily('A'), prices.load)
      const third = await space.open()
      expect(closes(await third.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(1)))
      expect(prices.loads).to.equal(1)
    })
  }

  it('replaces an entry that is put again, its file and its size too', async () => {
    await using space = workspace()
    const cache = await space.open()
    for (let i = 1; i <= 5; i++) await cache.put(daily('A'), bars(i))
    expect(space.files()).to.have.length(1)
    expect(cache.stats().bytes).to.equal(statSync(space.file(space.files()[0] ?? '')).size)
    expect(cache.stats().hot.entries).to.equal(1)
    const again = await space.open()
    expect(closes(await again.get(again.key(daily('A'))))).to.deep.equal(closes(bars(5)))
  })

  it('touches no disk for a hit in memory, and counts uses when it flushes', async () => {
    await using space = workspace()
    let now = Date.UTC(2024, 0, 1)
    const cache = await space.open({ clock: () => now })
    await cache.put(daily('A'), bars(1))
    now += 10_000
    for (let i = 0; i < 3; i++) await cache.get(cache.key(daily('A')))
    const uses = 'SELECT access_count AS count, last_accessed AS at, created_at AS created FROM cache_entries'
    expect(await space.rows(uses)).to.deep.include({ count: 1, at: Date.UTC(2024, 0, 1) / 1000, created: Date.UTC(2024, 0, 1) / 1000 })
    await cache.flush()
    const [row] = await space.rows(uses)
    expect(row?.count).to.equal(4)
    expect(row?.at).to.be.closeTo(now / 1000, 0.001)
  })

  it('gives back a table over its limits without keeping it', async () => {
    await using space = workspace()
    const cache = await space.open({ hotBytes: 100, coldBytes: 100 })
    const prices = source(bars(1))
    for (let i = 0; i < 2; i++) expect(closes(await cache.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(1)))
    expect(prices.loads).to.equal(2)
    expect(space.files()).to.deep.equal([])
    expect(cache.stats()).to.deep.include({ entries: 0, bytes: 0 })
  })

  it('works without either tier, and without both', async () => {
    await using space = workspace()
    const prices = source(bars(1))
    const cold = await space.open({ hotBytes: 0 })
    await cold.getOrLoad(daily('A'), prices.load)
    await cold.getOrLoad(daily('A'), prices.load)
    expect([prices.loads, cold.stats().tiers]).to.deep.equal([1, { cold: 1 }])
    const hot = await space.open({ coldBytes: 0 })
    await hot.getOrLoad(daily('B'), prices.load)
    await hot.getOrLoad(daily('B'), prices.load)
    expect([prices.loads, space.files().length]).to.deep.equal([2, 1])
    const none = await space.open({ hotBytes: 0, coldBytes: 0 })
    await none.getOrLoad(daily('C'), prices.load)
    await none.getOrLoad(daily('C'), prices.load)
    expect(prices.loads).to.equal(4)
  })

  it('does not bring back what was cleared while it was loading', async () => {
    await using space = workspace()
    const cache = await space.open()
    const [loading, open] = [gate(), gate()]
    const call = cache.getOrLoad(daily('A'), async () => {
      loading.resolve()
      await open.promise
      return bars(1)
    })
    await loading.promise
    await cache.clear()
    open.resolve()
    expect(closes(await call)).to.deep.equal(closes(bars(1)))
    expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
  })

  it('clears one entry, those stored before a time, and everything with the counters', async () => {
    await using space = workspace()
    let now = Date.UTC(2024, 0, 1)
    const cache = await space.open({ clock: () => now })
    for (const name of ['A', 'B', 'C']) {
      await cache.put(daily(name), bars(1))
      now += 60_000
    }
    const held = async (): Promise<string> =>
      `${(await space.rows('SELECT cache_key FROM cache_entries')).length} ${cache.stats().hot.entries}`
    await cache.clear({ key: cache.key(daily('A')) })
    expect(await held()).to.equal('2 2')
    await cache.clear({ olderThan: new Date(Date.UTC(2024, 0, 1, 0, 2)) })
    expect(await held()).to.equal('1 1')
    expect(closes(await cache.get(cache.key(daily('C'))))).to.deep.equal(closes(bars(1)))
    await cache.clear()
    expect(await held()).to.equal('0 0')
    expect(cache.stats()).to.deep.include({ hits: 0, misses: 0, entries: 0, bytes: 0 })
    expect(space.files()).to.deep.equal([])
  })

  it('clears the entries of a backtest, and keeps those that another one uses', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('A'), bars(1), { backtestId: 'one' })
    await cache.getOrLoad(daily('B'), source(bars(2)).load, { backtestId: 'one' })
    await cache.getOrLoad(daily('B'), source(bars(2)).load, { backtestId: 'two' })
    await cache.clear({ backtestId: 'one' })
    expect(await cache.get(cache.key(daily('A')))).to.equal(undefined)
    expect(closes(await cache.get(cache.key(daily('B'))))).to.deep.equal(closes(bars(2)))
    expect(await space.rows('SELECT backtest_id AS id, cache_key AS key FROM backtest_cache_links')).to.deep.equal([
      { id: 'two', key: cache.key(daily('B')) }
    ])
    expect(space.files()).to.have.length(1)
  })

  it('links an entry to a dataset of its source and resolution, or to a registered one', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('A'), bars(1))
    await cache.put(daily('B'), bars(2))
    const datasets = await space.rows('SELECT dataset_id AS id, source, resolution FROM datasets')
    expect(datasets).to.deep.equal([{ id: 1, source: 'prices', resolution: '1d' }])
    await cache.put(daily('C'), bars(3), { datasetId: 1 })
    const error = await rejection(cache.put(daily('A'), bars(9), { datasetId: 999 }))
    expect(error.message).to.match(/^Expected the number of a dataset in the metadata database, got 999\./)
    expect(closes(await cache.get(cache.key(daily('A'))))).to.deep.equal(closes(bars(1)))
    expect(space.files()).to.have.length(3)
  })

  it("records the day's hits and misses once, however often it is asked", async () => {
    await using space = workspace()
    let now = Date.UTC(2024, 0, 1, 13)
    const cache = await space.open({ clock: () => now })
    await cache.getOrLoad(daily('A'), source(bars(1)).load)
    await cache.get(cache.key(daily('A')))
    for (let i = 0; i < 3; i++) await cache.recordDailyStatistics()
    const days = 'SELECT stat_date AS day, hit_count AS hits, miss_count AS misses FROM cache_statistics ORDER BY day'
    const first = { day: Date.UTC(2024, 0, 1) / 1000, hits: 1, misses: 1 }
    expect(await space.rows(days)).to.deep.equal([first])
    await cache.get(cache.key(daily('A')))
    await cache.clear()
    now = Date.UTC(2024, 0, 2, 1)
    await cache.recordDailyStatistics()
    expect(await space.rows(days)).to.deep.equal([first, { day: Date.UTC(2024, 0, 2) / 1000, hits: 1, misses: 0 }])
  })

  it('estimates the time saved by what the first process measured', async () => {
    await using space = workspace()
    const first = await space.open()
    await first.getOrLoad(daily('A'), source(bars(1)).load)
    const [row] = await space.rows('SELECT load_ms AS ms FROM cache_entries')
    const second = await space.open()
    await second.getOrLoad(daily('A'), source(bars(1)).load)
    expect(second.stats()).to.deep.include({ savedMs: row?.ms, savedEstimated: true })
  })

  it('wraps each load, and no hit, until the wrap is taken away', async () => {
    await using space = workspace()
    const cache = await space.open()
    const wrapped: string[] = []
    const wrap = cache.around(async (key, load) => {
      wrapped.push(key)
      return load()
    })
    for (let i = 0; i < 2; i++) await cache.getOrLoad(daily('A'), source(bars(1)).load)
    wrap[Symbol.dispose]()
    await cache.getOrLoad(daily('B'), source(bars(1)).load)
    expect(wrapped).to.deep.equal([cache.key(daily('A'))])
  })

  it('ends loads under way when it closes, and says afterwards that it is closed', async () => {
    await using space = workspace()
    const cache = await space.open()
    const loading = gate()
    const call = rejection(
      cache.getOrLoad(daily('A'), () => {
        loading.resolve()
        return new Promise(() => {})
      })
    )
    await loading.promise
    await cache[Symbol.asyncDispose]()
    expect((await call).code).to.equal('TIERED_CLOSED')
    expect((await rejection(cache.get('k'))).message).to.match(/^Expected an open tiered cache/)
    await cache[Symbol.asyncDispose]()
    await cache.flush()
  })

  it('gives its leases back before it closes, those of loads that everybody left among them', async () => {
    await using space = workspace()
    const cache = await space.open()
    const abort = new AbortController()
    const loading = gate()
    const left = ['A', 'B', 'C'].map(name =>
      rejection(
        cache.getOrLoad(
          daily(name),
          () => {
            loading.resolve()
            return new Promise(() => {})
          },
          { signal: abort.signal }
        )
      )
    )
    await loading.promise
    {
      // Another process writes, so that giving them back has to wait.
      using other = await openSqlite({ path: space.file('metadata.db') })
      other.exec('BEGIN IMMEDIATE')
      abort.abort(new Error('enough'))
      await Promise.all(left)
      const closing = cache[Symbol.asyncDispose]()
      await new Promise(resolve => setImmediate(resolve))
      other.exec('COMMIT')
      await closing
    }
    expect(await space.rows('SELECT * FROM leases')).to.deep.equal([])
  })

  it('refuses bad options, keys and tables with a sentence', async () => {
    await using space = workspace()
    const open = (options: object) => rejection(openTieredCache({ directory: space.directory, ...options }))
    expect((await open({ directory: '' })).message).to.match(/^Expected `directory` to be a path/)
    expect((await open({ hotBytes: 1.5 })).message).to.match(/^Expected `hotBytes` to be a whole number of bytes, 0 or more, got 1.5\./)
    expect((await open({ coldBytes: -1 })).message).to.match(/^Expected `coldBytes` to be a whole number of bytes/)
    expect((await open({ hotByte: 1 })).message).to.match(/openTieredCache.*hotByte/)
    expect((await open({ revalidateMs: -1 })).message).to.match(/^Expected `revalidateMs` to be milliseconds, 0 or more, got -1\./)
    expect((await open({ freshness: 'daily' })).message).to.match(
      /^Expected `freshness` to be a function .* got "daily"\. Try `freshness\.ttl\(\)`\.$/
    )
    expect((await open({ checksums: 'never' })).message).to.equal('Expected `checksums` to be "always" or "once", got "never".')
    expect((await open({ compression: 'gzip' })).message).to.equal('Expected `compression` to be "snappy" or "zstd", got "gzip".')
    expect((await open({ eviction: 'fifo' })).message).to.equal('Expected `eviction` to be "lru", "size" or "hybrid", got "fifo".')
    const cache = await space.open()
    expect((await rejection(cache.get('../x'))).message).to.match(/^Expected a key of 1 to 64 letters/)
    expect((await rejection(cache.put(daily('A'), [] as unknown as Table))).message).to.match(
      /^Expected an Arrow table, or an object of columns of one length, got \[\]\./
    )
    for (const what of ['A', {}, { keys: 'a' }, { key: '../x' }, { backtestId: '' }, { olderThan: new Date('x') }]) {
      expect((await rejection(cache.clear(what as never))).message).to.match(/^Expected /)
    }
    expect((await rejection(cache.put(daily('A'), bars(1), { backtestId: 1 as never }))).code).to.equal('TIERED_BACKTEST')
    expect((await rejection(cache.statistics({ from: new Date('x') }))).code).to.equal('TIERED_DATE')
    expect((await rejection(cache.getOrLoad(daily('A'), async () => 1 as unknown as Table))).code).to.equal('TIERED_TABLE')
  })

  it('keeps its metadata elsewhere when told so', async () => {
    await using space = workspace()
    await using elsewhere = workspace()
    const cache = await space.open({ metadata: elsewhere.file('sub/tables.db') })
    await cache.put(daily('A'), bars(1))
    expect(space.files()).to.have.length(1)
    expect(readdirSync(space.directory)).to.deep.equal(space.files())
    const again = await space.open({ metadata: elsewhere.file('sub/tables.db') })
    expect(closes(await again.get(again.key(daily('A'))))).to.deep.equal(closes(bars(1)))
  })
})
