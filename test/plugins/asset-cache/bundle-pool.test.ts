import { type BundlePoolOptions, openBundlePool } from '@rxtuna/asset-cache'
import { StudyError } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { rejection } from './rejection.ts'

interface Bundle extends AsyncDisposable {
  readonly name: string
  readonly version: string
}

/** A pool of bundles that say when they open and close; versions change as a test likes. */
function poolOf(options: Partial<BundlePoolOptions<Bundle>> = {}) {
  const log: string[] = []
  const versions: Record<string, string> = {}
  const open = async (name: string): Promise<Bundle> => {
    const version = versions[name] ?? '1'
    log.push(`open ${name}${version}`)
    return {
      name,
      version,
      async [Symbol.asyncDispose]() {
        log.push(`close ${name}${version}`)
      }
    }
  }
  const pool = openBundlePool<Bundle>({ open, version: async name => versions[name] ?? '1', ...options })
  return { pool, log, versions, open }
}

describe('the bundle pool', () => {
  it('opens a bundle once, lends it to many, and keeps it open for the next', async () => {
    const { pool, log } = poolOf()
    await using _pool = pool
    {
      await using first = await pool.acquire('a')
      await using second = await pool.acquire('a')
      expect(first.bundle).to.equal(second.bundle)
    }
    await using third = await pool.acquire('a')
    expect(third.bundle.name).to.equal('a')
    expect(log).to.deep.equal(['open a1'])
    expect(pool.stats()).to.include({ hits: 2, misses: 1, joined: 0, entries: 1, maxEntries: 100 })
  })

  it('opens once for borrowers that come together', async () => {
    const { pool, log } = poolOf()
    await using _pool = pool
    const leases = await Promise.all([1, 2, 3].map(() => pool.acquire('a')))
    expect(log).to.deep.equal(['open a1'])
    expect(pool.stats()).to.include({ misses: 1, joined: 2 })
    for (const lease of leases) await lease[Symbol.asyncDispose]()
  })

  it('lets go of a bundle that is invalidated, whatever its version says, and opens it anew beside one that is lent', async () => {
    const { pool, log } = poolOf()
    await using _pool = pool
    const reasons: unknown[] = []
    pool.events.on('invalidate', event => reasons.push(event))
    const lent = await pool.acquire('a')
    await (await pool.acquire('b'))[Symbol.asyncDispose]()
    await pool.invalidate('a')
    await pool.invalidate('nobody')
    const anew = await pool.acquire('a')
    expect(anew.bundle).to.not.equal(lent.bundle)
    expect(log).to.deep.equal(['open a1', 'open b1', 'open a1'])
    await lent[Symbol.asyncDispose]()
    expect(log.at(-1)).to.equal('close a1')
    await anew[Symbol.asyncDispose]()
    expect(pool.stats()).to.include({ misses: 3, entries: 2 })
    await pool.invalidate('b')
    expect(log.at(-1)).to.equal('close b1')
    expect(reasons).to.deep.equal(['["a","1"]', '["b","1"]'].map(key => ({ key, reason: 'manual' })))
  })

  it('keeps no bundle that was invalidated, or cleared, while it opened', async () => {
    for (const how of ['invalidate', 'clear'] as const) {
      const gates: (() => void)[] = []
      const { pool, log, open } = poolOf()
      await using gated = poolOf({
        open: async name => {
          await new Promise<void>(resolve => gates.push(resolve))
          return open(name)
        }
      }).pool
      await using _pool = pool
      const [first, second] = [gated.acquire('a'), gated.acquire('a')]
      while (gates.length < 1) await new Promise(resolve => setImmediate(resolve))
      await (how === 'invalidate' ? gated.invalidate('a') : gated.clear())
      const third = gated.acquire('a')
      while (gates.length < 2) await new Promise(resolve => setImmediate(resolve))
      for (const open of gates) open()
      const leases = await Promise.all([first, second, third])
      expect(leases[0].bundle).to.equal(leases[1].bundle)
      expect(leases[2].bundle).to.not.equal(leases[0].bundle)
      expect(gated.stats().entries).to.equal(1)
      await leases[0][Symbol.asyncDispose]()
      expect(log).to.deep.equal(['open a1', 'open a1'])
      await leases[1][Symbol.asyncDispose]()
      expect(log).to.deep.equal(['open a1', 'open a1', 'close a1'])
      await leases[2][Symbol.asyncDispose]()
      expect(gated.stats().entries).to.equal(1)
    }
  })

  it('refuses a bundle that it could not close, and options that are none', async () => {
    const { pool } = poolOf({ open: async () => ({ close() {} }) as never })
    await using _pool = pool
    const error = await rejection(pool.acquire('a'))
    expect(error).to.have.property('code', 'BUNDLE_DISPOSE')
    expect((error as Error).message)
      .to.include('"a"')
      .and.to.include('Symbol.asyncDispose')
    const codeOf = (options: unknown): unknown => {
      try {
        return openBundlePool(options as never)
      } catch (error) {
        return (error as StudyError).code
      }
    }
    expect(codeOf({ open: async () => 1, version: '1' })).to.equal('POOL_SHAPE')
    expect(codeOf({ open: async () => 1, version: async () => '1', maxsize: 1 })).to.equal('OPTION_UNKNOWN')
  })

  it('keeps fewer from now on, or more, when it is resized', async () => {
    const { pool, log } = poolOf()
    await using _pool = pool
    for (const name of ['a', 'b', 'c']) await (await pool.acquire(name))[Symbol.asyncDispose]()
    await (await pool.acquire('a'))[Symbol.asyncDispose]()
    await pool.resize(2)
    expect(log.slice(3)).to.deep.equal(['close b1'])
    await (await pool.acquire('d'))[Symbol.asyncDispose]()
    expect(log.slice(4)).to.deep.equal(['open d1', 'close c1'])
    await pool.resize(3)
    await (await pool.acquire('e'))[Symbol.asyncDispose]()
    expect(log.slice(6)).to.deep.equal(['open e1'])
    expect(pool.stats()).to.include({ entries: 3, maxEntries: 3, evictions: 2 })
    expect(await rejection(pool.resize(0))).to.have.property('code', 'MAX_ENTRIES')
  })

  it('closes an evicted bundle when its last borrower has left, not before, and an idle one at once', async () => {
    const { pool, log } = poolOf({ maxEntries: 1 })
    await using _pool = pool
    const evicted: unknown[] = []
    pool.events.on('evict', event => evicted.push(event))
    const first = await pool.acquire('a')
    const second = await pool.acquire('a')
    await (await pool.acquire('b'))[Symbol.asyncDispose]()
    expect(evicted).to.deep.equal([{ key: '["a","1"]', reason: 'count' }])
    await first[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['open a1', 'open b1'])
    await second[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['open a1', 'open b1', 'close a1'])
    await using _c = await pool.acquire('c')
    expect(log.slice(3)).to.deep.equal(['open c1', 'close b1'])
  })

  it('lends an evicted bundle that is still out instead of opening it a second time', async () => {
    const { pool, log } = poolOf({ maxEntries: 1 })
    await using _pool = pool
    await using first = await pool.acquire('a')
    await using _b = await pool.acquire('b')
    await using again = await pool.acquire('a')
    expect(again.bundle).to.equal(first.bundle)
    expect(log.filter(line => line === 'open a1').length).to.equal(1)
  })

  it('checks the version at each loan: a changed bundle is opened anew, the old one closes when it comes back', async () => {
    const { pool, log, versions } = poolOf()
    await using _pool = pool
    const heard: unknown[] = []
    pool.events.on('invalidate', event => heard.push(event))
    const old = await pool.acquire('a')
    versions.a = '2'
    await using current = await pool.acquire('a')
    expect([old.bundle.version, current.bundle.version]).to.deep.equal(['1', '2'])
    expect(heard).to.deep.equal([{ key: '["a","1"]', reason: 'version' }])
    expect(log).to.deep.equal(['open a1', 'open a2'])
    await old[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['open a1', 'open a2', 'close a1'])
    expect(pool.stats()).to.include({ entries: 1, evictions: 1 })
  })

  it('does not let an older version that opens late take the place of a newer one', async () => {
    const gates = new Map<string, PromiseWithResolvers<void>>()
    const { pool, log, versions, open } = poolOf({
      open: async name => {
        const bundle = await open(name)
        await gates.get(bundle.version)?.promise
        return bundle
      }
    })
    await using _pool = pool
    gates.set('1', Promise.withResolvers())
    const late = pool.acquire('a')
    while (log.length === 0) await Promise.resolve()
    versions.a = '2'
    await using _new = await pool.acquire('a')
    gates.get('1')?.resolve()
    // Whoever waited for the older one has the newer one, too.
    await using borrowed = await late
    expect(borrowed.bundle.version).to.equal('2')
    expect(log).to.deep.equal(['open a1', 'open a2', 'close a1'])
    await using _again = await pool.acquire('a')
    expect(pool.stats()).to.include({ hits: 2, entries: 1 })
  })

  it('opens a bundle again that changed while it opened, three times at most, and closes what it opened in vain', async () => {
    let version = 0
    const { pool, log, versions } = poolOf({ version: async () => `${version++}` })
    await using _pool = pool
    expect(await rejection(pool.acquire('a'))).to.have.property('code', 'BUNDLE_CHANGES')
    expect(log).to.deep.equal(['open a1', 'close a1', 'open a1', 'close a1', 'open a1', 'close a1'])
    expect([versions, pool.stats().entries]).to.deep.equal([{}, 0])
    let asked = 0
    const failing = poolOf({
      version: async () => {
        if (++asked === 2) throw new Error('busy')
        return '1'
      }
    })
    await using _failing = failing.pool
    expect(await rejection(failing.pool.acquire('a'))).to.have.property('message', 'busy')
    expect(failing.log).to.deep.equal(['open a1', 'close a1'])
    expect((await failing.pool.acquire('a')).bundle.name).to.equal('a')
  })

  it('does not keep an error, and gives it to all who waited', async () => {
    let fail = true
    const { pool, open } = poolOf({
      open: async name => {
        if (fail) throw new Error('no bundle')
        return open(name)
      }
    })
    await using _pool = pool
    const errors = await Promise.all([rejection(pool.acquire('a')), rejection(pool.acquire('a'))])
    expect(errors.map(error => (error as Error).message)).to.deep.equal(['no bundle', 'no bundle'])
    fail = false
    await using lease = await pool.acquire('a')
    expect(lease.bundle.name).to.equal('a')
  })

  it('closes at once what is opened after the last borrower has left', async () => {
    const gate = Promise.withResolvers<void>()
    const started = Promise.withResolvers<AbortSignal>()
    const { pool, log, open } = poolOf({
      open: async (name, signal) => {
        started.resolve(signal)
        await gate.promise
        return open(name)
      }
    })
    const caller = new AbortController()
    const waiting = rejection(pool.acquire('a', { signal: caller.signal }))
    const signal = await started.promise
    caller.abort('left')
    expect(await waiting).to.equal('left')
    expect(signal.aborted).to.equal(true)
    gate.resolve()
    await pool[Symbol.asyncDispose]()
    expect(log).to.deep.equal(['open a1', 'close a1'])
  })

  it('closes what is idle when it is closed or cleared, and what is lent when that comes back', async () => {
    const { pool, log } = poolOf()
    const lent = await pool.acquire('a')
    await (await pool.acquire('b'))[Symbol.asyncDispose]()
    await pool.clear()
    expect(log.slice(2)).to.deep.equal(['close b1'])
    expect(pool.stats()).to.include({ entries: 0, misses: 0 })
    await (await pool.acquire('c'))[Symbol.asyncDispose]()
    await pool[Symbol.asyncDispose]()
    expect(log.slice(3)).to.deep.equal(['open c1', 'close c1'])
    await lent[Symbol.asyncDispose]()
    expect(log.at(-1)).to.equal('close a1')
    expect(await rejection(pool.acquire('a'))).to.have.property('code', 'ASSET_CACHE_CLOSED')
  })

  it('tells who closes it, and nobody else, that a bundle threw while it closed', async () => {
    const { pool, open } = poolOf({
      maxEntries: 1,
      open: async name => ({
        ...(await open(name)),
        async [Symbol.asyncDispose]() {
          throw new Error(`stuck ${name}`)
        }
      })
    })
    await (await pool.acquire('a'))[Symbol.asyncDispose]()
    await (await pool.acquire('b'))[Symbol.asyncDispose]()
    const error = await rejection(pool[Symbol.asyncDispose]())
    expect((error as AggregateError).errors.map(({ message }) => message)).to.deep.equal(['stuck a', 'stuck b'])
  })

  it('never lends a closed bundle and closes each one once, whatever borrowers, versions, failures and aborts do', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      waits: fc.nat(6),
      keeps: fc.nat(6),
      abortAfter: fc.option(fc.nat(8), { nil: undefined }),
      change: fc.integer({ min: 0, max: 3 }),
      fails: fc.boolean()
    })
    const turns = async (count: number) => {
      for (let i = 0; i < count; i++) await Promise.resolve()
    }
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), fc.integer({ min: 1, max: 3 }), async (steps, maxEntries) => {
        const bundles: { open: boolean; closed: number }[] = []
        const versions: Record<string, number> = {}
        let failing = false
        const pool = openBundlePool({
          maxEntries,
          version: async name => `v${versions[name] ?? 0}`,
          open: async name => {
            const fails = failing
            await turns(3)
            if (fails) throw new Error(`no ${name}`)
            const bundle = { open: true, closed: 0 }
            bundles.push(bundle)
            return {
              bundle,
              async [Symbol.asyncDispose]() {
                bundle.open = false
                bundle.closed++
              }
            }
          }
        })
        await Promise.all(
          steps.map(async ({ name, waits, keeps, abortAfter, change, fails }) => {
            await turns(waits)
            versions[name] = change >> 1
            failing = fails
            const caller = new AbortController()
            if (abortAfter !== undefined) void turns(abortAfter).then(() => caller.abort(new Error('left')))
            try {
              await using lease = await pool.acquire(name, { signal: caller.signal })
              expect(lease.bundle.bundle.open).to.equal(true)
              await turns(keeps)
              expect(lease.bundle.bundle.open).to.equal(true)
            } catch (error) {
              expect((error as Error).message).to.match(/^(left|no [abc])$/)
            }
          })
        )
        expect(bundles.filter(({ open }) => open).length).to.be.at.most(maxEntries)
        expect(pool.stats().entries).to.be.at.most(maxEntries)
        await pool[Symbol.asyncDispose]()
        expect(bundles.every(({ closed }) => closed === 1)).to.equal(true)
      }),
      { numRuns: 300 }
    )
  })

  it('refuses with a sentence what is no limit, no name and no version', async () => {
    expect(() => poolOf({ maxEntries: 0 })).to.throw(StudyError, 'whole number from 1')
    const { pool } = poolOf({ version: async () => '' })
    expect(await rejection(pool.acquire(''))).to.have.property('code', 'BUNDLE_NAME')
    expect(await rejection(pool.acquire('a'))).to.have.property('code', 'BUNDLE_VERSION')
  })
})
