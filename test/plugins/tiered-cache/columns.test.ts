import { type Columns, toColumns } from '@rxtuna/tiered-cache'
import { Table, TimestampMillisecond, vectorFromArray } from 'apache-arrow'
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
  })

  it('are refused when they differ in length, are no arrays, or mix types', async () => {
    await using space = workspace()
    const cache = await space.open()
    for (const wrong of [{}, { a: [1], b: [1, 2] }, { a: 1 }, { a: 'text' }, { a: new DataView(new ArrayBuffer(8)) }, [1], 'table', null]) {
      expect((await rejection(cache.put(daily('A'), wrong as never))).code, JSON.stringify(wrong)).to.equal('TIERED_TABLE')
    }
    const mixed = await rejection(cache.put(daily('A'), { a: [1, 'x'] }))
    expect(mixed.message).to.match(/^Expected columns that Arrow can hold, got: Unable to infer .* Give each column values of one type\.$/)
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
