import type { Distribution } from '../../../core/src/space.ts'

/** What a random generator was asked for in turn: components; then a row per categorical parameter; then a row per number. */
export type Draws = readonly (readonly [method: string, values: readonly number[] | readonly (readonly number[])[]])[]

/** The component of each sample, and the uniform number of a parameter in a sample. */
export function uniformOf(
  entries: readonly (readonly [name: string, distribution: Distribution])[],
  draws: Draws
): { readonly choices: readonly number[]; uniform(parameter: number, sample: number): number } {
  const rows = (method: string): readonly (readonly number[])[] =>
    draws.filter(([name]) => name === method).flatMap(([, values]) => (isTable(values) ? values : [values]))
  const [choices = []] = rows('choice')
  const categorical = rows('rand').values()
  const numerical = rows('uniform').values()
  const byParameter = entries.map(([, { kind }]) => (kind === 'categorical' ? categorical : numerical).next().value)
  return { choices, uniform: (parameter, sample) => byParameter[parameter]?.[sample] as number }
}

function isTable(values: readonly number[] | readonly (readonly number[])[]): values is readonly (readonly number[])[] {
  return Array.isArray(values[0])
}
