import { readdirSync, statSync } from 'node:fs'
import { expect } from 'chai'
import { bars, closes, daily, failures, gate, rejection, type Workspace, workspace } from './workspace.ts'

const entryBytes = 2_000

/** The bytes of all files of tables, those half-written among them; what goes while it is counted counts as gone. */
function bytesIn(space: Workspace): number {
  let bytes = 0
  for (const name of readdirSync(space.directory).filter(name => name.includes('.parquet'))) {
    bytes += statSync(space.file(name), { throwIfNoEntry: false })?.size ?? 0
  }
  return bytes
}

/** Looks at every turn of the event loop, until it is told to stop, and returns the most that it has seen. */
async function watch(space: Workspace, until: Promise<unknown>): Promise<number> {
  let most = 0
  let isOver = false
  const over = until.then(
    () => (isOver = true),
    () => (isOver = true)
  )
  while (!isOver) {
    most = Math.max(most, bytesIn(space))
    await new Promise(resolve => setImmediate(resolve))
  }
  await over
  return most
}

describe('the limit of the files', () => {
  it('holds within one entry at all times, however many write at once: two workers hold the limit together', async () => {
    await using space = workspace()
    const coldBytes = 10 * entryBytes
    const caches = [await space.open({ coldBytes }), await space.open({ coldBytes })]
    const codes = caches.map(failures)
    const puts = Promise.all(
      caches.flatMap((cache, at) =>
        Array.from({ length: 100 }, (_, i) => cache.put(daily(`S${(i * 7 + at) % 40}`), bars(i, 100 + (i % 5) * 20)))
      )
    )
    const most = await watch(space, puts)
    expect(most).to.be.greaterThan(coldBytes / 2)
    // An entry that is replaced is there until the one that replaces it is.
    expect(most).to.be.at.most(coldBytes + entryBytes)
    expect(bytesIn(space)).to.equal(caches[0]?.stats().bytes).and.to.be.at.most(coldBytes)
    expect(codes).to.deep.equal([[], []])
    expect(await space.rows('SELECT COUNT(*) AS entries, SUM(size_bytes) AS size_bytes FROM cache_entries')).to.deep.equal(
      await space.rows('SELECT entries, size_bytes FROM cache_totals')
    )
  })

  it('leaves what this process reads, even when nothing else can leave', async () => {
    await using space = workspace()
    const reading = gate()
    const files = new Map<string, Uint8Array>()
    const begun = gate()
    const coldTier = {
      write: async (key: string, bytes: Uint8Array) => {
        const name = `${key}-${files.size}`
        files.set(name, bytes)
        return name
      },
      read: async (name: string) => {
        begun.resolve()
        await reading.promise
        const bytes = files.get(name)
        return bytes && { bytes }
      },
      remove: async (names: readonly string[]) => names.forEach(name => void files.delete(name)),
      collect: async () => 0
    }
    const cache = await space.open({ coldTier, hotBytes: 0 })
    await cache.put(daily('A'), bars(1))
    await cache.put(daily('B'), bars(2))
    const key = cache.key(daily('A'))
    const read = cache.get(key)
    await begun.promise
    await cache.resize({ coldBytes: 1 })
    expect([...files.keys()].map(name => name.startsWith(key))).to.deep.equal([true])
    reading.resolve()
    expect(closes(await read)).to.deep.equal(closes(bars(1)))
    await cache.evict()
    expect(files.size).to.equal(0)
  })

  it('holds when it becomes smaller while a file is written', async () => {
    await using space = workspace()
    const cache = await space.open({ coldBytes: 1e7 })
    const putting = cache.put(daily('A'), bars(1, 300_000))
    for (let i = 0; i < 200 && space.files().length === 0; i++) await new Promise(resolve => setTimeout(resolve, 2))
    await cache.resize({ coldBytes: 100_000 })
    await putting
    expect(bytesIn(space)).to.equal(0)
    expect(cache.stats().bytes).to.equal(0)
  })

  it('is shared again when a write failed: nothing is held for what was not written', async () => {
    await using space = workspace()
    const coldBytes = 100 * entryBytes
    const coldTier = {
      write: () => Promise.reject(new Error('no')),
      read: async () => undefined,
      remove: async () => {},
      collect: async () => 0
    }
    const failing = await space.open({ coldBytes, coldTier })
    expect((await rejection(failing.put(daily('A'), bars(1)))).message).to.match(/^Expected to write the table .* got: no\./)
    expect(await space.rows('SELECT SUM(size_bytes) AS bytes FROM rooms')).to.deep.equal([{ bytes: 0 }])
    const cache = await space.open({ coldBytes })
    await cache.put(daily('B'), bars(1))
    await cache[Symbol.asyncDispose]()
    expect(await space.rows('SELECT SUM(size_bytes) AS bytes FROM rooms')).to.deep.equal([{ bytes: 0 }])
  })

  it('does not count, nor does opening remove, the files of a cache with another database in the directory', async () => {
    await using space = workspace()
    {
      await using first = await space.open()
      await first.put(daily('A'), bars(1))
    }
    {
      await using other = await space.open({ metadata: space.file('other.db') })
      await other.put(daily('A'), bars(2))
    }
    expect(space.files().filter(name => name.endsWith('.parquet'))).to.have.length(2)
    const again = await space.open()
    expect(closes(await again.get(again.key(daily('A'))))).to.deep.equal(closes(bars(1)))
  })

  it('says so when a table alone is over it, and when a file cannot be removed', async () => {
    await using space = workspace()
    const files = new Map<string, Uint8Array>()
    const coldTier = {
      write: async (key: string, bytes: Uint8Array) => {
        files.set(key, bytes)
        return key
      },
      read: async (name: string) => ({ bytes: files.get(name) ?? new Uint8Array() }),
      remove: async (names: readonly string[]) => {
        if (names.length > 0) throw new Error('no')
      },
      collect: async () => 0
    }
    const cache = await space.open({ coldBytes: 3 * entryBytes, coldTier })
    const codes = failures(cache)
    await cache.put(daily('large'), bars(1, 5_000))
    expect(codes).to.deep.equal(['TIERED_NO_ROOM'])
    for (const name of ['A', 'B', 'C', 'D', 'E']) await cache.put(daily(name), bars(1))
    expect(codes).to.include('TIERED_REMOVE')
    for (let i = 0; i < 12; i++) await cache.get(cache.key(daily('large')))
    expect((await cache.advise()).at(-1)).to.equal('1 table did not fit into `coldBytes` and was not stored: raise it.')
  })

  it('is not reached by room that a dead worker or a closed cache held', async () => {
    await using space = workspace()
    const coldBytes = 100 * entryBytes
    {
      await using first = await space.open({ coldBytes })
      await first.put(daily('A'), bars(1))
      const [room] = await space.rows('SELECT size_bytes FROM rooms')
      expect(room?.size_bytes)
        .to.be.greaterThan(entryBytes)
        .and.to.be.at.most(coldBytes / 8 + entryBytes)
    }
    const cache = await space.open({ coldBytes })
    await cache.evict()
    expect(await space.rows('SELECT * FROM rooms')).to.deep.equal([])
  })
})
