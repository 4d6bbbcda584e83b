import type { Pruner } from './pruner.ts'

/** Prunes nothing. */
export function none(): Pruner {
  return { name: 'none', shouldPrune: () => false }
}
