import { bundleVersion, compareVersions, type VersionPart } from '@rxtuna/asset-cache'
import { expect } from 'chai'

const parts = {
  assets: ['AAPL', 'MSFT'],
  range: [new Date('2020-01-01'), new Date('2024-12-31')],
  schema: { symbol: 'text', close: 'double' },
  content: 'd2f1'
}
const changes: Readonly<Record<string, VersionPart>> = {
  assets: ['AAPL', 'MSFT2'],
  range: [new Date('2020-01-01'), new Date('2025-12-31')],
  schema: { symbol: 'text', close: 'float' },
  content: 'd2f2'
}

describe('a version of named parts', () => {
  it('is the same for equal parts, in whatever order they and the keys of objects are named', () => {
    const { assets, range, content } = parts
    expect(bundleVersion({ content, schema: { close: 'double', symbol: 'text' }, range, assets })).to.equal(bundleVersion(parts))
  })

  it('tells by comparison which parts changed', () => {
    expect(compareVersions(bundleVersion(parts), bundleVersion({ ...parts }))).to.deep.equal([])
    for (const [name, value] of Object.entries(changes))
      expect(compareVersions(bundleVersion(parts), bundleVersion({ ...parts, [name]: value }))).to.deep.equal([name])
    expect(compareVersions(bundleVersion(parts), bundleVersion(changes))).to.deep.equal(['assets', 'content', 'range', 'schema'])
  })

  it('names parts that only one of the two has, whatever their names look like', () => {
    const [before, after] = [bundleVersion({ 'a=b&c': 1, d: 2 }), bundleVersion({ d: 2, é: 3 })]
    expect(compareVersions(before, after)).to.deep.equal(['a=b&c', 'é'])
  })

  it('knows of other versions only that they differ', () => {
    expect(compareVersions('etag 1', 'etag 1')).to.deep.equal([])
    expect(compareVersions('etag 1', 'etag 2')).to.deep.equal(['version'])
    expect(compareVersions('etag 1', bundleVersion(parts))).to.deep.equal(['version'])
  })

  it('takes nothing for the same that only looks alike', () => {
    const values: VersionPart[] = [
      'A,B',
      ['A', 'B'],
      ['A,B'],
      ['B', 'A'],
      1,
      '1',
      true,
      null,
      [],
      {},
      { a: ['b'] },
      { a: 'b' },
      new Date(0)
    ]
    expect(new Set(values.map(value => bundleVersion({ value }))).size).to.equal(values.length)
  })

  it('refuses what it cannot compare', () => {
    expect(() => bundleVersion({}))
      .to.throw()
      .with.property('code', 'VERSION_PARTS')
    const values: unknown[] = [Number.NaN, Number.POSITIVE_INFINITY, undefined, 1n, () => 1, new Date(Number.NaN), [undefined]]
    for (const value of values) {
      const make = (): string => bundleVersion({ value: value as VersionPart })
      expect(make, String(value)).to.throw().with.property('code', 'VERSION_PART')
    }
  })
})
