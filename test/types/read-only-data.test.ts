import { openAssetCache } from '@rxtuna/asset-cache'
import { type Column, type Group, type GroupedData, openDataCache } from '@rxtuna/data-cache'
import { expectTypeOf } from 'expect-type'

describe('what a cache hands out, by its types', () => {
  it('is read and not written', () => {
    expectTypeOf(openDataCache).returns.toHaveProperty('grouped').returns.resolves.toEqualTypeOf<GroupedData>()
    const spoil = (data: GroupedData, group: Group, column: Column): void => {
      // @ts-expect-error a column is not written to
      column[0] = 1
      // @ts-expect-error it has nothing that writes
      column.fill(0)
      // @ts-expect-error nor has a part of it
      column.subarray(1).set([1])
      // @ts-expect-error columns are not replaced
      group.columns.close = column
      // @ts-expect-error a group keeps its length
      group.length = 0
      // @ts-expect-error groups are not taken out
      data.groups.delete('A')
    }
    expectTypeOf(spoil).toBeFunction()
    expectTypeOf(openAssetCache).returns.toHaveProperty('assets').returns.resolves.toEqualTypeOf<readonly string[]>()
  })
})
