import { expect } from 'chai'
import { flips } from './flips.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)

describe(`files of a cache that rot, are cut or are deleted, 1,000 times (RXTUNA_TEST_SEED=${seed})`, () => {
  it('cost a load and never a wrong table or an exception, and the cache mends itself', async () => {
    expect(await flips(seed, 1_000)).to.deep.equal([])
  })
})
