import { crowd } from './crowd.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)

describe(`eight processes on one directory with 500 keys for a minute (RXTUNA_TEST_SEED=${seed})`, () => {
  it('leave and count what they do in some seconds', async () => {
    console.log(`      ${JSON.stringify(await crowd(seed, 60_000))}`)
  })
})
