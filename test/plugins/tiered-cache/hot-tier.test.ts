import { Dictionary, Float64, Int32, Table, tableFromArrays, Utf8, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { type HotEntry, HotTier } from '../../../plugins/tiered-cache/src/hot-tier.ts'
import { tableBytes } from '../../../plugins/tiered-cache/src/table.ts'

const entry = (bytes: number, loadedAt = 0): HotEntry => ({
  table: new Table(),
  request: '',
  kind: { hits: 0, loads: 0, first: 0, repeated: [] },
  bytes,
  loadedAt,
  freshUntil: Number.POSITIVE_INFINITY
})

describe('the memory tier', () => {
  it('lets the least recently used leave when the bytes are over the limit', () => {
    const hot = new HotTier(100)
    hot.set('a', entry(40))
    hot.set('b', entry(40))
    hot.get('a')
    hot.set('c', entry(40))
    expect([hot.get('a') !== undefined, hot.get('b'), hot.get('c') !== undefined]).to.deep.equal([true, undefined, true])
    expect(hot.size).to.deep.equal({ entries: 2, bytes: 80, maxBytes: 100, evictions: 1 })
  })

  it('counts an entry that is stored again once', () => {
    const hot = new HotTier(100)
    for (let i = 0; i < 5; i++) hot.set('a', entry(40))
    expect(hot.size).to.deep.equal({ entries: 1, bytes: 40, maxBytes: 100, evictions: 0 })
  })

  it('does not keep a table over the limit, and throws none out for it', () => {
    const hot = new HotTier(100)
    hot.set('a', entry(100))
    hot.set('b', entry(101))
    expect(hot.get('b')).to.equal(undefined)
    expect(hot.size.entries).to.equal(1)
  })

  it('deletes what was loaded before a time', () => {
    const hot = new HotTier(100)
    for (const at of [1, 2, 3]) hot.set(`at ${at}`, entry(10, at))
    hot.deleteOlder(2)
    expect([1, 2, 3].map(at => hot.get(`at ${at}`)?.loadedAt)).to.deep.equal([undefined, 2, 3])
  })

  it('keeps the most recently used when its limit shrinks, and nothing at 0', () => {
    const hot = new HotTier(100)
    hot.set('a', entry(40))
    hot.set('b', entry(40))
    hot.get('a')
    hot.resize(50)
    expect([hot.get('a') !== undefined, hot.get('b')]).to.deep.equal([true, undefined])
    hot.resize(0)
    hot.set('a', entry(1))
    expect(hot.size).to.deep.include({ entries: 0, bytes: 0, maxBytes: 0 })
  })

  it('weighs a table by the buffers that it keeps alive', () => {
    const numbers = new Float64Array(1000)
    expect(tableBytes(tableFromArrays({ x: numbers, y: numbers }))).to.equal(8000)
    expect(tableBytes(tableFromArrays({ x: numbers }).slice(0, 1))).to.equal(8000)
    expect(tableBytes(tableFromArrays({ x: numbers.subarray(0, 10) }))).to.equal(8000)
  })

  it('weighs validity, offsets and dictionaries too', () => {
    const names = Array.from({ length: 100 }, (_, i) => `symbol ${i}`)
    const text = names.join('').length
    const table = new Table({
      s: vectorFromArray(names, new Dictionary(new Utf8(), new Int32())),
      x: vectorFromArray([1, null], new Float64())
    })
    expect(tableBytes(table)).to.be.greaterThan(text + 100 * 4 + 101 * 4)
  })
})
