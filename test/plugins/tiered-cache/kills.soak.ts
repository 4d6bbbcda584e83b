import { kills } from './kills.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)

describe(`200 processes that are killed at any moment of their work on a cache (RXTUNA_TEST_SEED=${seed})`, () => {
  it('leave what 20 leave', async () => {
    console.log(`      killed while under way: ${JSON.stringify(await kills(seed, 200))}`)
  })
})
