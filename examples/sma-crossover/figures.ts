/** What became of one period. Fractions, not percent: 0.18 is 18 %. */
export interface Figures {
  /** Mean over standard deviation (n − 1) of the daily returns, times √252; the risk-free rate is 0. */
  readonly sharpe: number
  /** Largest loss from a high of the period, which starts at 1. */
  readonly drawdown: number
  /** Compound return in 252 days. */
  readonly returnAYear: number
  /** Purchases. */
  readonly trades: number
  /** Sum of the daily costs, as a fraction of the portfolio. */
  readonly costs: number
}

const tradingDays = 252

/** Annual Sharpe ratio of daily returns; 0 when they do not vary, or when there are fewer than two. */
export function sharpeRatio(returns: Float64Array): number {
  const count = returns.length
  if (count < 2) return 0
  let sum = 0
  for (let i = 0; i < count; i++) sum += returns[i] as number
  const mean = sum / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += ((returns[i] as number) - mean) ** 2
  return annualSharpe(mean, Math.sqrt(squares / (count - 1)))
}

/** Annual Sharpe ratio from a daily mean and standard deviation; 0 when the deviation is 0, up to rounding. */
export function annualSharpe(mean: number, deviation: number): number {
  return deviation <= Math.abs(mean) * 1e-12 ? 0 : (mean / deviation) * Math.sqrt(tradingDays)
}

/** Largest loss from a high, as a fraction of it, of a fortune that starts at 1. */
export function largestDrawdown(returns: Float64Array): number {
  let fortune = 1
  let high = 1
  let least = 1
  for (let i = 0; i < returns.length; i++) {
    fortune *= 1 + (returns[i] as number)
    if (fortune > high) high = fortune
    else if (fortune < least * high) least = fortune / high
  }
  return 1 - least
}

/** Compound return in 252 days; 0 without days. */
export function returnAYear(returns: Float64Array): number {
  let fortune = 1
  for (let i = 0; i < returns.length; i++) fortune *= 1 + (returns[i] as number)
  return returns.length === 0 ? 0 : fortune ** (tradingDays / returns.length) - 1
}

/** All figures of a period, from its daily returns and what the trading took. */
export function figuresOf(returns: Float64Array, trading: { readonly trades: number; readonly costs: number }): Figures {
  return {
    sharpe: sharpeRatio(returns),
    drawdown: largestDrawdown(returns),
    returnAYear: returnAYear(returns),
    trades: trading.trades,
    costs: trading.costs
  }
}
