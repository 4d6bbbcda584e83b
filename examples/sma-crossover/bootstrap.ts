import { annualSharpe } from './figures.ts'

/** How far a result could be luck: quantiles over resampled histories. */
export interface Bootstrap {
  /** 5 % quantile of the annual Sharpe ratio. */
  readonly lo: number
  /** 95 % quantile of the annual Sharpe ratio. */
  readonly hi: number
  /** 95 % quantile of the largest drawdown, as a fraction. */
  readonly dd95: number
}

const blockLength = 20
const resamples = 500
// The same for every trial: equal returns have equal intervals, whichever trial they come from.
const seed = 20010301

/**
 * Circular block bootstrap (Politis and Romano, "A circular block-resampling procedure for stationary data", 1992) of daily returns:
 * 500 histories of the same length, put together from blocks of 20 days, which keep the order of days within them. The same returns give
 * the same result. Fewer than two days give zeros.
 */
export function bootstrap(returns: Float64Array): Bootstrap {
  const count = returns.length
  if (count < 2) return { lo: 0, hi: 0, dd95: 0 }
  // The start once more at the end, so that a block that runs over the end needs no remainder.
  const circle = new Float64Array(count + blockLength)
  for (let i = 0; i < circle.length; i++) circle[i] = returns[i % count] as number
  const sharpes = new Float64Array(resamples)
  const drawdowns = new Float64Array(resamples)
  const draw = splitMix32(seed)
  for (let resample = 0; resample < resamples; resample++) {
    let sum = 0
    let squares = 0
    let fortune = 1
    let high = 1
    let least = 1
    let floor = 1
    for (let done = 0; done < count; done += blockLength) {
      const begin = Math.floor(draw() * count)
      const end = begin + Math.min(blockLength, count - done)
      for (let i = begin; i < end; i++) {
        const gain = circle[i] as number
        sum += gain
        squares += gain * gain
        fortune *= 1 + gain
        if (fortune > high) {
          high = fortune
          floor = least * high
        } else if (fortune < floor) {
          least = fortune / high
          floor = fortune
        }
      }
    }
    const mean = sum / count
    sharpes[resample] = annualSharpe(mean, Math.sqrt(Math.max(0, squares - count * mean * mean) / (count - 1)))
    drawdowns[resample] = 1 - least
  }
  sharpes.sort()
  drawdowns.sort()
  return { lo: quantile(sharpes, 0.05), hi: quantile(sharpes, 0.95), dd95: quantile(drawdowns, 0.95) }
}

/** Quantile of sorted values, linear between two of them. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const lower = sorted[below] as number
  const upper = sorted[Math.min(below + 1, sorted.length - 1)] as number
  return lower + (place - below) * (upper - lower)
}

/** Uniform numbers in [0, 1): a Weyl sequence through the mixing function of MurmurHash3 (Steele, Lea and Flood, OOPSLA 2014). */
function splitMix32(start: number): () => number {
  let state = start | 0
  return () => {
    state = (state + 0x9e3779b9) | 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 4294967296
  }
}
