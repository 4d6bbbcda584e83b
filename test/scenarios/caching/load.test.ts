import { assertHolds, caches, underLoad } from './load.ts'

describe('64 callers of 200 keys, some of whom leave, with loads that fail and room for 120 entries', function () {
  this.timeout(60_000)

  for (const [name, open] of Object.entries(caches))
    it(`find in the ${name} one load of a key at a time, the limit kept, exact counters and no leak`, async () => {
      assertHolds(await underLoad(open, 60_000), name === 'asset cache')
    })
})
