import type { Space, Suggest } from './space.ts'
import type { Trial } from './trial.ts'

export type Direction = 'minimize' | 'maximize'
export type Directions = Direction | readonly [Direction, ...Direction[]]
/** `number` for one direction; for several, a tuple as long as the directions. */
export type Value<D extends Directions> = D extends readonly unknown[] ? { readonly [K in keyof D]: number } : number

/** Two phases: `space` draws the params, `evaluate` spends the money. Plugins can answer in between. */
export interface Objective<P, V = number> {
  /** A plain function that draws is a space too. */
  readonly space: Space<P>
  evaluate(params: NoInfer<P>, trial: Trial<NoInfer<P>>): V | Promise<V>
  /** What code the values come from. Dedup adds it to its key; `import.meta.url` stands for the module and all it imports in the project. */
  readonly version?: string
}

/** One function that draws and evaluates, as in Optuna. Plugins see its params only when it ends. */
export type ObjectiveFunction<V = number> = (trial: Trial & Suggest) => V | Promise<V>
