import { type Columns, toColumns } from '@rxtuna/tiered-cache'
import { Table, TimestampMicrosecond, TimestampMillisecond, TimestampNanosecond, TimestampSecond, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { daily, rejection, workspace } from './workspace.ts'

describe('plain columns', () => {
  it('go in where an Arrow table does, and come out again', async () => {
    await using space = workspace()
    const columns: Columns = {
      time: BigInt64Array.of(1n, 2n, 9007199254740993n),
      close: Float64Array.of(1.5, Number.NaN, -0),
      volume: [1, null, 3],
      symbol: ['A', null, 'Ü'],
      open: [true, false, null]
    }
    {
      await using cache = await space.open()
      expect(toColumns(await cache.getOrLoad(daily('A'), async () => columns))).to.deep.equal(columns)
      await cache.put(daily('B'), columns)
    }
    const again = await space.open()
    for (const name of ['A', 'B']) {
      const table = await again.get(again.key(daily(name)))
      const back = table && toColumns(table)
      expect(back).to.deep.equal(columns)
      expect(back?.close).to.have.property('buffer', table?.getChild('close')?.data[0]?.values.buffer)
    }
  })

  it('are values, not what lies beneath, where a column is more than numbers', () => {
    const times = vectorFromArray([0, null, 86_400_000], new TimestampMillisecond('UTC'))
    expect(toColumns(new Table({ times }))).to.deep.equal({ times: [0, null, 86_400_000] })
    for (const type of [new TimestampSecond(), new TimestampMillisecond(), new TimestampMicrosecond('UTC'), new TimestampNanosecond()]) {
      const whole = vectorFromArray([0, 86_400_000, -1_000], type)
      expect(toColumns(new Table({ whole }))).to.deep.equal({ whole: Float64Array.of(0, 86_400_000, -1_000) })
    }
  })

  it('are refused when they differ in length, are no arrays, or mix types', async () => {
    await using space = workspace()
    const cache = await space.open()
    for (const wrong of [{}, { a: 1 }, { a: 'text' }, { a: new DataView(new ArrayBuffer(8)) }, [1], 'table', null]) {
      expect((await rejection(cache.put(daily('A'), wrong as never))).code, JSON.stringify(wrong)).to.equal('TIERED_TABLE')
    }
    const ragged = await rejection(cache.put(daily('A'), { a: [1], b: [1, 2] }))
    expect(ragged.message).to.equal('Expected columns of one length, got a: 1, b: 2. Give each column a value, or null, per row.')
    const mixed = await rejection(cache.put(daily('A'), { a: [1, 'x'] }))
    expect(mixed.message).to.match(
      /^Expected a column "a" that Arrow can hold, got: Unable to infer .*expected\. Give it values of one type/
    )
  })

  it('are copied, so that a source may use its memory again', async () => {
    await using space = workspace()
    const cache = await space.open()
    const own = new Float64Array(1_000)
    for (const number of [1, 2]) {
      await cache.getOrLoad(daily(`S${number}`), () => {
        own.fill(number)
        return { close: own.subarray(0, 10) }
      })
    }
    const numbers = [1, 2].map(number => cache.get(cache.key(daily(`S${number}`))))
    expect((await Promise.all(numbers)).map(table => table?.getChild('close')?.get(0))).to.deep.equal([1, 2])
    expect(cache.stats().hot.bytes).to.equal(160)
  })

  it('may have no rows', async () => {
    await using space = workspace()
    const cache = await space.open()
    await cache.put(daily('A'), { x: new Float64Array(0) })
    await cache.getOrLoad(daily('B'), async () => new Table({ x: vectorFromArray([], new TimestampMillisecond()) }))
    const again = await space.open()
    for (const name of ['A', 'B']) expect((await again.get(again.key(daily(name))))?.numRows).to.equal(0)
  })
})
