import { openWorker, type Worker } from '@rxtuna/core/node'
import { expect } from 'chai'
import { Leases } from '../../../plugins/tiered-cache/src/lease.ts'
import type { Metadata } from '../../../plugins/tiered-cache/src/metadata.ts'
import { openMetadata } from '../../../plugins/tiered-cache/src/open-metadata.ts'
import { rejection, type Workspace, workspace } from './workspace.ts'

const leases = ({ db }: Metadata, worker: Worker, clock: () => number = Date.now) => new Leases({ db, worker, clock })

const opened = (space: Workspace): Promise<Metadata> =>
  openMetadata({ path: space.file('m.db'), worker: openWorker().worker, clock: Date.now, aside: () => {} })

describe('a lease', () => {
  it('has one holder among living workers, and is free again when it is given up', async () => {
    await using space = workspace()
    using metadata = await opened(space)
    using first = openWorker()
    using second = openWorker()
    using one = leases(metadata, first.worker)
    using two = leases(metadata, second.worker)
    expect(await one.claim('k', 'request')).to.equal('mine')
    expect(await two.claim('k', 'request')).to.equal('taken')
    expect(await two.claim('other', 'request')).to.equal('mine')
    await two.release('k')
    expect(await two.claim('k', 'request')).to.equal('taken')
    await one.release('k')
    expect(await two.claim('k', 'request')).to.equal('mine')
  })

  it("takes a dead worker's place at once", async () => {
    await using space = workspace()
    using metadata = await opened(space)
    const dead = openWorker()
    using living = openWorker()
    using one = leases(metadata, dead.worker)
    using two = leases(metadata, living.worker)
    expect(await one.claim('k', 'request')).to.equal('mine')
    dead[Symbol.dispose]()
    expect(await two.claim('k', 'request')).to.equal('mine')
    // What the dead one still gives up is not its own any more.
    await one.release('k')
    expect(await one.claim('k', 'request')).to.equal('taken')
  })

  it('of another host ends a minute after its last renewal', async () => {
    await using space = workspace()
    using metadata = await opened(space)
    using own = openWorker()
    let now = Date.UTC(2024, 0, 1)
    using far = leases(metadata, { ...own.worker, host: 'elsewhere' }, () => now)
    using near = leases(metadata, own.worker, () => now)
    expect(await far.claim('k', 'request')).to.equal('mine')
    now += 59_000
    expect(await near.claim('k', 'request')).to.equal('taken')
    now += 2_000
    expect(await near.claim('k', 'request')).to.equal('mine')
  })

  it('that could not be given back is given back later, and does not stand in its own way', async () => {
    await using space = workspace()
    using metadata = await opened(space)
    using own = openWorker()
    using other = openWorker()
    using mine = leases(metadata, own.worker)
    using others = leases(metadata, other.worker)
    expect(await mine.claim('k', 'request')).to.equal('mine')
    expect(await mine.claim('l', 'request')).to.equal('mine')
    metadata.db.exec('PRAGMA query_only = ON')
    await rejection(mine.release('k'))
    await rejection(mine.release('l'))
    metadata.db.exec('PRAGMA query_only = OFF')
    expect(await others.claim('k', 'request')).to.equal('taken')
    expect(await mine.claim('k', 'request')).to.equal('mine')
    expect(await others.claim('l', 'request')).to.equal('mine')
    await mine.release('k')
    expect(await others.claim('k', 'request')).to.equal('mine')
  })

  it('of a thread that has ended, which nobody can tell, is free a minute after it was last renewed', async () => {
    await using space = workspace()
    using metadata = await opened(space)
    using own = openWorker()
    let now = 1_000_000
    using gone = leases(metadata, { ...own.worker, thread: 77 }, () => now)
    using living = leases(metadata, own.worker, () => now)
    expect(await gone.claim('k', 'request')).to.equal('mine')
    now += 59_000
    expect(await living.claim('k', 'request')).to.equal('taken')
    now += 2_000
    expect(await living.claim('k', 'request')).to.equal('mine')
  })

  it('is not given for a table that is there, only for another request of its key, or for a table that is stale', async () => {
    await using space = workspace()
    using metadata = await opened(space)
    using own = openWorker()
    using lease = leases(metadata, own.worker)
    const dataset = { source: 's', resolution: '1d' }
    const row = { key: 'k', request: 'request', path: 'p', checksum: 'c', rows: 1, bytes: 1, loadMs: null, backtestIds: [] }
    const limit = { maxBytes: 10, eviction: 'lru', keep: new Set<string>() } as const
    const uses = { accesses: new Map(), links: [] }
    await metadata.reserve('k', 1, limit, () => uses, 100)
    await metadata.store({ ...row, dataset, loadedAt: 100, at: 100 }, uses, () => true, 100)
    expect(await lease.claim('k', 'request')).to.equal('present')
    expect(await lease.claim('k', 'request', 99_000)).to.equal('present')
    expect(await lease.claim('k', 'another')).to.equal('mine')
    await lease.release('k')
    expect(await lease.claim('k', 'request', 100_000)).to.equal('mine')
  })
})
