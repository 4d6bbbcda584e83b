/** How many of `n` trials count as good: a tenth, rounded up, at most 25 (Optuna's default). */
export function gamma(n: number): number {
  return Math.min(Math.ceil(0.1 * n), 25)
}

/** Weights of `n` observations from the oldest to the newest: the newest 25 have 1, older ones fall linearly to 1/n (Bergstra et al., ICML 2013). */
export function observationWeights(n: number): Float64Array {
  const weights = new Float64Array(n).fill(1)
  const ramp = n - 25
  for (let i = 0; i < ramp; i++) weights[i] = ramp === 1 ? 1 / n : 1 / n + (i * (1 - 1 / n)) / (ramp - 1)
  return weights
}
