import { Versions } from '@rxtuna/core/cache'
import { expect } from 'chai'

describe('Versions', () => {
  it('name the keys that a new version outdates, and give a returning version its keys back', () => {
    const versions = new Versions()
    versions.add('a', '1', 'a1')
    versions.add('b', '1', 'b1')
    expect(versions.oldest()).to.equal(undefined)
    expect(versions.notice('a', '1')).to.deep.equal([])
    expect(versions.notice('a', '2')).to.deep.equal(['a1'])
    expect(versions.notice('a', '2')).to.deep.equal([])
    versions.add('a', '2', 'a2')
    expect(versions.oldest()).to.equal('a1')
    expect(versions.notice('a', '1')).to.deep.equal(['a2'])
    expect(versions.oldest()).to.equal('a2')
    versions.remove('a', 'a2')
    expect(versions.oldest()).to.equal(undefined)
  })

  it('take a late arrival of an older version as outdated', () => {
    const versions = new Versions()
    versions.add('a', '2', 'a2')
    versions.add('a', '1', 'late')
    expect(versions.oldest()).to.equal('late')
  })

  it('forget a name with its last key', () => {
    const versions = new Versions()
    versions.add('a', '1', 'a1')
    versions.remove('a', 'a1')
    versions.remove('a', 'a1')
    expect(versions.notice('a', '2')).to.deep.equal([])
    versions.add('a', '1', 'a1')
    expect(versions.oldest()).to.equal(undefined)
    versions.clear()
    expect(versions.notice('a', '2')).to.deep.equal([])
  })

  it('has keys of old versions dropped, the longest outdated first, as long as it is needed', () => {
    const versions = new Versions()
    for (const key of ['a1', 'a2', 'a3']) versions.add('a', '1', key)
    versions.add('b', '1', 'b1')
    versions.notice('a', '2')
    const dropped: string[] = []
    const drop = (key: string): void => {
      dropped.push(key)
      versions.remove('a', key)
    }
    versions.dropOutdated(() => dropped.length < 2, drop)
    expect(dropped).to.deep.equal(['a1', 'a2'])
    versions.dropOutdated(() => true, drop)
    expect(dropped).to.deep.equal(['a1', 'a2', 'a3'])
  })
})
