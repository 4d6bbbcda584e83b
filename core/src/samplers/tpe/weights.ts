/** How many of `n` trials count as good: a tenth, rounded up, at most 25 (Optuna's default). */
export function gamma(n: number): number {
  return Math.min(Math.ceil(0.1 * n), 25)
}

/**
 * Weights of observations from the oldest to the newest: the newest 25 have 1, older ones fall linearly to 1/n (Bergstra et al., ICML 2013).
 * Fills and returns `weights`.
 */
export function observationWeights(weights: Float64Array): Float64Array {
  const n = weights.length
  const ramp = Math.max(n - 25, 0)
  const rise = ramp > 1 ? (1 - 1 / n) / (ramp - 1) : 0
  for (let i = 0; i < ramp; i++) weights[i] = 1 / n + i * rise
  return weights.fill(1, ramp)
}
