import { expect } from 'chai'
import { Column } from '../../core/src/column.ts'
import { randomStream } from '../../core/src/random-stream.ts'

const stream = randomStream(5, 0, 0, 'columns')

/** Rows in the order that a comparison gives them. */
function expectedOrder(values: Float64Array): number[] {
  const key = (row: number): [boolean, number] => [Number.isNaN(values[row]), values[row] as number]
  return [...values.keys()].sort((a, b) => {
    const [[aIsNone, x], [bIsNone, y]] = [key(a), key(b)]
    if (aIsNone !== bIsNone) return aIsNone ? 1 : -1
    return aIsNone || x === y ? a - b : x < y ? -1 : 1
  })
}

describe('a column', () => {
  it('is in the order of numbers, and knows that of its values, in whatever order its rows come', () => {
    for (let round = 0; round < 20; round++) {
      const column = new Column()
      const numbers = Array.from({ length: 300 }, (_, i) => i)
      // Mostly in order, with some that come late, and a few very late.
      const late = (i: number): number => i + (stream.next() < 0.3 ? stream.int(1, 8) : stream.next() < 0.02 ? 200 : 0)
      const arriving = numbers.map(number => ({ number, at: late(number) })).sort((a, b) => a.at - b.at)
      const values = new Map<number, number>()
      for (const { number } of arriving) {
        const value = stream.next() < 0.1 ? Number.NaN : stream.next() < 0.1 ? Number.POSITIVE_INFINITY : stream.int(0, 40)
        values.set(number, value)
        column.push(number, value)
        if (stream.next() < 0.5) continue
        const known = [...values.keys()].sort((a, b) => a - b)
        expect([...column.numbers]).to.deep.equal(known)
        expect([...column.lane()]).to.deep.equal(known.map(of => values.get(of)))
        const { order, before, after } = column.sorted()
        expect([...order]).to.deep.equal(expectedOrder(column.lane()))
        for (const [place, row] of order.entries()) {
          expect(before[row]).to.equal(order[place - 1] ?? -1)
          expect(after[row]).to.equal(order[place + 1] ?? -1)
        }
      }
    }
  })
})
