import { createStudy, pruners, type Sampler, samplers } from '@rxtuna/core'
import optuna from './optuna-quality.json' with { type: 'json' }
import { functions } from './quality-functions.ts'

/** What can be judged; each study gets a sampler of its own. */
export const candidates: Readonly<Record<string, () => Sampler>> = { random: () => samplers.random(), tpe: () => samplers.tpe() }

export interface Spread {
  readonly median: number
  readonly q1: number
  readonly q3: number
}
/** The best values of studies that differ in their seeds, beside Optuna's where they are known. */
export interface QualityFigure extends Spread {
  readonly sampler: string
  readonly function: string
  readonly trials: number
  readonly seeds: number
  readonly optuna?: Spread
}

/** One figure for each number of trials, from the same studies: seeds 0 to `seeds` − 1. */
export async function qualityFigures(
  sampler: string,
  name: string,
  seeds: number,
  trials: readonly number[]
): Promise<readonly QualityFigure[]> {
  const best: number[][] = trials.map(() => [])
  for (let seed = 0; seed < seeds; seed++) {
    const values = await valuesOf(sampler, name, seed, Math.max(...trials))
    for (const [i, count] of trials.entries()) best[i]?.push(Math.min(...values.slice(0, count)))
  }
  return trials.map((count, i) => {
    const known = optuna.figures.find(figure => figure.sampler === sampler && figure.function === name && figure.trials === count)
    const figure = { sampler, function: name, trials: count, seeds, ...spread(best[i] ?? []) }
    return known ? { ...figure, optuna: { median: known.median, q1: known.q1, q3: known.q3 } } : figure
  })
}

/** The value of each trial of one study, in order. */
async function valuesOf(sampler: string, name: string, seed: number, trials: number): Promise<readonly number[]> {
  const [objective, create] = [functions[name], candidates[sampler]]
  if (!objective || !create) throw new Error(`Expected a function and a sampler by name, got ${name} and ${sampler}.`)
  await using study = await createStudy({ sampler: create(), pruner: pruners.none(), seed })
  await study.optimize(objective, { trials })
  return (await study.trials()).map(({ value }) => value ?? Number.POSITIVE_INFINITY)
}

/** Median and quartiles, interpolated linearly between neighbours. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b)
  const quantile = (share: number): number => {
    const place = share * (sorted.length - 1)
    const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
    return below + (above - below) * (place - Math.floor(place))
  }
  return { median: quantile(0.5), q1: quantile(0.25), q3: quantile(0.75) }
}

/** Where a figure stands against Optuna's: worse than three quarters of its studies, better than half of them, or between. */
export function standing({ median, optuna }: QualityFigure): 'above third quartile' | 'below median' | 'between' | undefined {
  if (!optuna) return undefined
  if (median > optuna.q3) return 'above third quartile'
  return median < optuna.median ? 'below median' : 'between'
}

/** What TPE must reach, on all functions at 100 and 200 trials with seeds 0 to 19; a sentence where it does not, or where that was not run. */
export function shortfall(figures: readonly QualityFigure[]): string | undefined {
  const judged = figures.filter(({ sampler, seeds, trials }) => sampler === 'tpe' && seeds === 20 && [100, 200].includes(trials))
  const standings = judged.map(standing)
  if (judged.length !== 16)
    return `Expected the 16 figures of tpe (all functions, 20 seeds, 100 and 200 trials), got ${judged.length}. Leave out the options.`
  const [above, below] = (['above third quartile', 'below median'] as const).map(one => standings.filter(other => other === one).length)
  if (above !== 0 || (below ?? 0) < 6)
    return `Expected no median of tpe above Optuna's third quartile and six below its median, got ${above} and ${below}.`
  return undefined
}
