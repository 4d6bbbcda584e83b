import type { Distribution, SpaceTable } from '@rxtuna/core'

/** How many different sets a table of distributions can draw; infinite with a float that has no step. */
export function spaceSize(table: SpaceTable): number {
  let size = 1
  for (const name in table) size *= axisSize(table[name] as Distribution)
  return size
}

function axisSize(distribution: Distribution): number {
  if (distribution.kind === 'categorical') return distribution.choices.length
  const { kind, low, high } = distribution
  if (low === high) return 1
  const step = distribution.step ?? (kind === 'int' ? 1 : undefined)
  // The upper bound lies on the grid, but for the last digits of a double.
  return step === undefined ? Number.POSITIVE_INFINITY : Math.floor((high - low) / step + 1e-8) + 1
}
