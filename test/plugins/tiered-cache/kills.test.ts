import { kills } from './kills.ts'

const seed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)

describe(`a process that is killed at any moment of its work on a cache (RXTUNA_TEST_SEED=${seed})`, function () {
  this.timeout(120_000)

  it('leaves whole tables, files within the limit, a sound database, and nothing half-written', async () => {
    console.log(`      killed while under way: ${JSON.stringify(await kills(seed, 20))}`)
  })
})
