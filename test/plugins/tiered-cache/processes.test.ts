import { readdirSync } from 'node:fs'
import { expect } from 'chai'
import { start } from './child.ts'
import { bars, closes, daily, rejection, source, workspace } from './workspace.ts'

describe('several processes on one directory', () => {
  it('load a table once, whoever asks first', async () => {
    await using space = workspace()
    await using children = new AsyncDisposableStack()
    const all = ['1', '2', '3'].map(first => children.use(start('loader.ts', [space.directory, 'A', first])))
    for (const child of all) expect(await child.line()).to.equal('asking')
    for (const child of all) child.say('go')
    // The one that loads speaks first; the others only when it has loaded.
    const first = all.map(child => child.line())
    const loader = await Promise.race(first.map(async (line, index) => ((await line) === 'loading' ? index : -1)))
    for (const child of all) child.say('loaded')
    const answer = await all[loader]?.line()
    expect(answer).to.equal(`got ${closes(bars(loader + 1))[0]}`)
    expect((await Promise.all(first)).toSpliced(loader, 1)).to.deep.equal([answer, answer])
    await Promise.all(all.map(child => child.ended))
    expect(readdirSync(space.directory).filter(name => name.endsWith('.parquet'))).to.have.length(1)
    const cache = await space.open()
    expect(`got ${closes(await cache.get(cache.key(daily('A'))))[0]}`).to.equal(answer)
    expect(await space.rows('SELECT * FROM leases')).to.deep.equal([])
  })

  it('wait for the one that loads, counted as joined, and can leave by their signal', async () => {
    await using space = workspace()
    await using child = start('loader.ts', [space.directory, 'A'])
    await child.line()
    child.say('go')
    expect(await child.line()).to.equal('loading')
    const cache = await space.open({ pollMs: 1 })
    const prices = source(bars(9))
    const abort = new AbortController()
    const left = rejection(cache.getOrLoad(daily('A'), prices.load, { signal: abort.signal }))
    abort.abort(new Error('enough'))
    expect((await left).message).to.equal('enough')
    const table = cache.getOrLoad(daily('A'), prices.load)
    child.say('loaded')
    expect(closes(await table)).to.deep.equal(closes(bars(1)))
    expect(prices.loads).to.equal(0)
    const { misses, joined, tiers } = cache.stats()
    expect({ misses, answered: joined + (tiers?.cold ?? 0) }).to.deep.equal({ misses: 0, answered: 1 })
  })

  it('take over from one that was killed while it loaded', async () => {
    await using space = workspace()
    await using child = start('loader.ts', [space.directory, 'A'])
    await child.line()
    child.say('go')
    expect(await child.line()).to.equal('loading')
    await child.kill()
    expect(await space.rows('SELECT cache_key FROM leases')).to.have.length(1)
    const cache = await space.open()
    const prices = source(bars(2))
    expect(closes(await cache.getOrLoad(daily('A'), prices.load))).to.deep.equal(closes(bars(2)))
    expect(prices.loads).to.equal(1)
    expect(await space.rows('SELECT cache_key FROM leases')).to.deep.equal([])
  })

  for (const moment of ['before', 'after']) {
    it(`lose nothing but the new table when one is killed just ${moment} the rename of its file`, async () => {
      await using space = workspace()
      {
        await using child = start('loader.ts', [space.directory, 'kept'])
        for (const line of ['asking', 'loading', 'got']) {
          expect(await child.line()).to.match(new RegExp(`^${line}`))
          child.say('go')
        }
        await child.ended
      }
      const before = space.files()
      {
        await using child = start('loader.ts', [space.directory, 'lost'], { preload: './kill-at-rename.ts', env: { RXTUNA_KILL: moment } })
        for (const line of ['asking', 'loading']) {
          expect(await child.line()).to.equal(line)
          child.say('go')
        }
        expect(await child.line()).to.equal(undefined)
        await child.ended
      }
      const orphans = space.files().filter(name => !before.includes(name))
      expect(orphans.map(name => name.endsWith('.tmp'))).to.deep.equal([moment === 'before'])

      const cache = await space.open()
      expect(space.files()).to.deep.equal(before)
      expect(closes(await cache.get(cache.key(daily('kept'))))).to.deep.equal(closes(bars(1)))
      expect(await cache.get(cache.key(daily('lost')))).to.equal(undefined)
      const prices = source(bars(2))
      expect(closes(await cache.getOrLoad(daily('lost'), prices.load))).to.deep.equal(closes(bars(2)))
      expect(prices.loads).to.equal(1)
    })
  }
})
