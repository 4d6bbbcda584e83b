import { grid } from './grid.ts'
import { random } from './random.ts'

/** The samplers, grouped as in Optuna. */
export const samplers: { readonly random: typeof random; readonly grid: typeof grid } = { random, grid }
