import { expect } from 'chai'
// The generator is not public: its known answers are tested from inside.
import { philox, randomStream } from '../../core/src/random-stream.ts'

const words = (counter: readonly [number, number, number, number], key: readonly [number, number]): string[] => {
  const out = new Uint32Array(4)
  philox(out, ...counter, ...key)
  return [...out].map(word => word.toString(16).padStart(8, '0'))
}

describe('random streams', () => {
  it("give Philox 4x32-10's published known answers", () => {
    expect(words([0, 0, 0, 0], [0, 0])).to.deep.equal(['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8'])
    const ones = 0xffffffff
    expect(words([ones, ones, ones, ones], [ones, ones])).to.deep.equal(['408f276d', '41c83b0e', 'a20bc7c6', '6d5451fd'])
    expect(words([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])).to.deep.equal([
      'd16cfe09',
      '94fdcceb',
      '5001e420',
      '24126ea1'
    ])
  })

  it('depend on seed, trial, attempt and purpose, and on nothing else', () => {
    const first = (...of: Parameters<typeof randomStream>): number => randomStream(...of).next()
    expect(first(1, 2, 0, 'x')).to.equal(first(1, 2, 0, 'x'))
    const others = [first(2, 2, 0, 'x'), first(2 ** 33 + 1, 2, 0, 'x'), first(1, 3, 0, 'x'), first(1, 2, 1, 'x'), first(1, 2, 0, 'y')]
    expect(new Set([first(1, 2, 0, 'x'), ...others]).size).to.equal(6)
  })

  it('are uniform, normal, and whole within their bounds', () => {
    const stream = randomStream(7, 0, 0, 'moments')
    let sum = 0
    let normal = 0
    let square = 0
    const seen = new Set<number>()
    const count = 20_000
    for (let i = 0; i < count; i++) {
      sum += stream.next()
      const z = stream.normal()
      normal += z
      square += z * z
      seen.add(stream.int(-2, 2))
    }
    expect(sum / count).to.be.closeTo(0.5, 0.01)
    expect(normal / count).to.be.closeTo(0, 0.03)
    expect(square / count).to.be.closeTo(1, 0.04)
    expect([...seen].sort((a, b) => a - b)).to.deep.equal([-2, -1, 0, 1, 2])
  })
})
