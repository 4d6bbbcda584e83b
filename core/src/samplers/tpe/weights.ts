/** How many of `n` trials count as good: a tenth, rounded up, at most 25 (Optuna's default). */
export function gamma(n: number): number {
  return Math.min(Math.ceil(0.1 * n), 25)
}

/** Weights of `n` observations by their place from the oldest on, and their sum. */
export interface Weights {
  readonly sum: number
  of(place: number): number
}

/** The newest 25 have weight 1, older ones fall linearly to 1/n (Bergstra et al., ICML 2013). */
export function observationWeights(n: number): Weights {
  const ramp = Math.max(n - 25, 0)
  const rise = ramp > 1 ? (1 - 1 / n) / (ramp - 1) : 0
  const sum = ramp === 0 ? n : ramp / n + (rise * ramp * (ramp - 1)) / 2 + 25
  return { sum, of: place => (place >= ramp ? 1 : 1 / n + place * rise) }
}
