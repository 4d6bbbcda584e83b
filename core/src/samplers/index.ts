import { grid } from './grid.ts'
import { random } from './random.ts'
import { tpe } from './tpe/tpe.ts'

/** The samplers, grouped as in Optuna. */
export const samplers: { readonly random: typeof random; readonly grid: typeof grid; readonly tpe: typeof tpe } = { random, grid, tpe }
