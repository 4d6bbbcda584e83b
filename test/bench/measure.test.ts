import { expect } from 'chai'
import { holds, interleaved, longestBlock, median, smallest } from './measure.ts'

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

  it('measures the time that passes where it is asked to: a wait costs as long as it takes, and hardly CPU time', async () => {
    const waiting = { wait: () => ({ run: () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50) }) }
    const options = { operations: 1, rounds: 1, warmup: 0 }
    const wall = (await interleaved(waiting, { ...options, time: 'wall' })).perOperation('wait')
    expect(wall).to.be.at.least(50_000)
    expect((await interleaved(waiting, options)).perOperation('wait')).to.be.below(wall)
  })

  it('tells how long the event loop was blocked, be it at the beginning, in the midst or at the end of the work', async () => {
    const block = (milliseconds: number) => {
      for (const until = performance.now() + milliseconds; performance.now() < until; );
    }
    const turn = () => new Promise(resolve => setImmediate(resolve))
    expect(await longestBlock(() => block(20))).to.be.at.least(20)
    expect(await longestBlock(async () => [await turn(), block(20), await turn()])).to.be.at.least(20)
    expect(await longestBlock(async () => [await turn(), block(20)])).to.be.at.least(20)
    expect(await longestBlock(turn)).to.be.below(await longestBlock(() => block(500)))
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
    expect([smallest([30, 4, 5], 1), smallest([30, 4, 5], 3), smallest([], 1)]).to.deep.equal([4, 30, Number.NaN])
  })
})
