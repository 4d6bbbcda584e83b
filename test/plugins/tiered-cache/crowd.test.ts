import { expect } from 'chai'
import { crowd } from './crowd.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)

describe(`eight processes on one directory with 500 keys and room for half of them (RXTUNA_TEST_SEED=${seed})`, function () {
  this.timeout(120_000)

  it('load one key once at a time, lose no file that is read, keep the limit and count exactly, whoever leaves and whatever fails', async () => {
    const sums = await crowd(seed, 6_000)
    console.log(`      ${JSON.stringify(sums)}`)
    for (const [name, sum] of Object.entries(sums)) expect(sum, name).to.be.above(0)
  })
})
