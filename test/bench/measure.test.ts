import { expect } from 'chai'
import { holds, interleaved, median } from './measure.ts'

describe('a bench', () => {
  it('runs its variants in turn, reversing the order each round, and closes what it opened', async () => {
    const order: string[] = []
    const variant = (name: string) => (operations: number) => ({
      run: () => order.push(`${name}${operations}`),
      close: () => order.push('closed')
    })
    await interleaved({ a: variant('a'), b: variant('b') }, { operations: 7, rounds: 2, warmup: 1 })
    expect(order.filter(entry => entry !== 'closed')).to.deep.equal(['b7', 'a7', 'a7', 'b7', 'b7', 'a7'])
    expect(order.filter(entry => entry === 'closed')).to.have.length(6)
  })

  it('measures CPU time: four times the work costs about four times as much', async () => {
    const busy = (times: number) => () => ({
      run: () => {
        let sum = 0
        for (let i = 0; i < times * 1_000_000; i++) sum = (sum + Math.sqrt(i)) % 1_000
        return sum
      }
    })
    const { perOperation, ratio, difference } = await interleaved({ one: busy(1), four: busy(4) }, { operations: 1, rounds: 5, warmup: 1 })
    expect(ratio('four', 'one')).to.be.within(2, 8)
    expect(difference('four', 'one')).to.be.greaterThan(perOperation('one'))
  })

  it('judges a figure by its floor, and NaN never holds', () => {
    const figure = { name: 'x', value: 3, unit: 'µs' }
    expect([{ atMost: 3 }, { atMost: 2.9 }, { atLeast: 3 }, { atLeast: 3.1 }].map(floor => holds({ ...figure, floor }))).to.deep.equal([
      true,
      false,
      true,
      false
    ])
    expect(holds({ ...figure, value: Number.NaN, floor: { atMost: 1 } })).to.equal(false)
    expect(holds({ ...figure, value: Number.NaN })).to.equal(true)
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).to.deep.equal([2, 2.5])
  })
})
