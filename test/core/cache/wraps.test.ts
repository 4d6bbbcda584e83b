import { Wraps } from '@rxtuna/core/cache'
import { expect } from 'chai'

describe('Wraps', () => {
  const wrap = (name: string, log: string[]) => async (key: string, load: () => Promise<unknown>) => {
    log.push(`${name}> ${key}`)
    const value = await load()
    log.push(`<${name}`)
    return value as never
  }

  it('nest around a load, the latest outermost, and can be taken away again in any order', async () => {
    const wraps = new Wraps()
    const log: string[] = []
    const inner = wraps.add(wrap('inner', log))
    const outer = wraps.add(wrap('outer', log))
    expect(await wraps.run('k', async () => 3)).to.equal(3)
    expect(log.splice(0)).to.deep.equal(['outer> k', 'inner> k', '<inner', '<outer'])
    inner[Symbol.dispose]()
    await wraps.run('k', async () => 3)
    expect(log.splice(0)).to.deep.equal(['outer> k', '<outer'])
    outer[Symbol.dispose]()
    await wraps.run('k', async () => 3)
    expect(log).to.deep.equal([])
  })

  it('take away one of two equal functions per disposal, and nothing when disposed of twice', async () => {
    const wraps = new Wraps()
    const log: string[] = []
    const same = wrap('same', log)
    const first = wraps.add(same)
    wraps.add(same)
    first[Symbol.dispose]()
    first[Symbol.dispose]()
    await wraps.run('k', async () => 1)
    expect(log).to.deep.equal(['same> k', '<same'])
  })

  it('cost nothing when there are none: the load is called as it is', async () => {
    const promise = Promise.resolve(1)
    expect(new Wraps().run('k', () => promise)).to.equal(promise)
  })
})
