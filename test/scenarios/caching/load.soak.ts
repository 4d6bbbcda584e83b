import { assertHolds, caches, underLoad } from './load.ts'

describe('a million operations of 64 callers', () => {
  for (const [name, open] of Object.entries(caches))
    it(`leave the ${name} as a few do`, async () => {
      const report = await underLoad(open, 1_000_000)
      console.log(`      ${JSON.stringify(report)}`)
      assertHolds(report, name === 'asset cache')
    })
})
