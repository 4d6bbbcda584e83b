import { expect } from 'chai'
import { Pace } from '../../../core/src/node/pace.ts'

describe('the pace of a run', () => {
  it('is not known before the first trial is told', () => {
    const pace = new Pace(1000)
    expect(pace.leftMs(10, 5000)).to.equal(undefined)
    expect(pace.elapsedMs(5000)).to.equal(4000)
  })

  it('says how long the rest takes at the mean of the trials so far, and counts down while one runs', () => {
    const pace = new Pace(0)
    pace.told(1000)
    pace.told(4000)
    expect(pace.leftMs(3, 4000)).to.equal(6000)
    expect(pace.leftMs(3, 5000)).to.equal(5000)
    expect(pace.leftMs(0, 5000)).to.equal(0)
  })

  it('slows down when a trial takes longer than those before it', () => {
    const pace = new Pace(0)
    pace.told(1000)
    expect(pace.leftMs(11, 2000)).to.equal(10_000)
    expect(pace.leftMs(11, 9000)).to.equal(45_000)
  })
})
