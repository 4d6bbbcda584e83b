import { expect } from 'chai'
import { flips } from './flips.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? 3)

describe(`files of a cache that rot, are cut or are deleted (RXTUNA_TEST_SEED=${seed})`, function () {
  this.timeout(120_000)

  it('cost a load and never a wrong table or an exception, and the cache mends itself', async () => {
    expect(await flips(seed, 100)).to.deep.equal([])
  })
})
