import { createStudy, float, int, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import { thrownCode } from './rejection.ts'
import { warnings } from './warnings.ts'

describe('what a space warns of', () => {
  it('is a range that its step does not divide, once in a study', async () => {
    const [said] = [await warnings(() => float(0, 1, { step: 0.3 }))]
    expect(said).to.deep.equal(['The range of float() ends at 0.9, the last point of its grid, and not at 1: its step does not divide it.'])
    await using study = await createStudy()
    const sentences = await warnings(() =>
      study.optimize(trial => trial.suggestInt('n', 0, 10, { step: 3 }) + trial.suggestInt('m', 0, 9, { step: 3 }), { trials: 5 })
    )
    expect(sentences).to.deep.equal(['The range of "n" ends at 9, the last point of its grid, and not at 10: its step does not divide it.'])
  })

  it('is a name that is suggested again with another range', async () => {
    await using study = await createStudy()
    const sentences = await warnings(() =>
      study.optimize(trial => trial.suggestFloat('x', -50, 50) + trial.suggestFloat('x', -1, 1), { trials: 1 })
    )
    expect(sentences).to.deep.equal([
      'Trial 0: "x" keeps its value from a float in [-50, 50], although it is suggested again as a float in [-1, 1].'
    ])
  })
})

describe('a table', () => {
  it('is refused with what is no distribution, and a distribution with options that are not known', () => {
    expect(thrownCode(() => space({ c: [0, 1] } as never))).to.equal('SPACE_ENTRY')
    expect(thrownCode(() => samplers.grid({ x: [0, 1] } as never))).to.equal('SPACE_ENTRY')
    expect(thrownCode(() => float(1, 10, { steps: 3 } as never))).to.equal('OPTION_UNKNOWN')
    expect(thrownCode(() => int(1, 10, 3 as never))).to.equal('OPTION')
  })
})
