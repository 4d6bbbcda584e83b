import { expect } from 'chai'
import { steadyClock } from '../../../plugins/telemetry/src/clock.ts'

describe('the clock of telemetry', () => {
  const { now: wall } = Date
  const monotonic = performance.now
  afterEach(() => {
    Date.now = wall
    performance.now = monotonic
  })

  it('has fractions of a millisecond, and follows the wall clock where that jumps', () => {
    Date.now = () => 1_000_000
    performance.now = () => 10
    const clock = steadyClock()
    performance.now = () => 10.25
    expect(clock()).to.equal(1_000_000.25)
    // The machine slept for an hour, which the monotonic clock did not see.
    Date.now = () => 4_600_000
    expect(clock()).to.equal(4_600_000)
    performance.now = () => 10.75
    expect(clock()).to.equal(4_600_000.5)
  })
})
