import { erf, logCdf, logDensity, logMass, logShare, truncatedQuantile } from '../../../core/src/samplers/tpe/normal.ts'
import { type Components, component } from '../component.ts'

interface Question {
  readonly fn: string
  readonly [argument: string]: unknown
}
type Arguments = Readonly<Record<string, number>>

/** The function of each question at one point. */
const functions: Readonly<Record<string, (at: Arguments) => number>> = {
  log_ndtr: ({ x }) => logCdf(x as number),
  erf: ({ x }) => erf(x as number),
  log_gauss_mass: ({ a, b }) => logMass(a as number, b as number),
  ppf: ({ q, a, b }) => truncatedQuantile(q as number, a as number, b as number),
  logpdf: ({ x, a, b }) => density(x as number, 0, 1, a as number, b as number),
  logpdf_loc_scale: ({ x, mu, sigma, low, high }) => density(x as number, mu as number, sigma as number, low as number, high as number),
  cdf: ({ x, a, b }) => Math.exp(logMass(a as number, x as number) - logMass(a as number, b as number))
}

export const truncnorm: Components = {
  truncnorm: component<Question>({
    answer({ fn, ...given }) {
      const at = functions[fn]
      if (!at) throw new Error(`Expected a function of the truncated normal, got ${fn}.`)
      const lists = Object.values(given).filter(Array.isArray)
      const length = Math.max(1, ...lists.map(list => list.length))
      const values = Array.from({ length }, (_, i) =>
        at(Object.fromEntries(Object.entries(given).map(([name, value]) => [name, Array.isArray(value) ? value[i] : value])))
      )
      return lists.length > 0 ? values : values[0]
    }
  })
}

function density(x: number, mu: number, sigma: number, low: number, high: number): number {
  if (x < low || x > high) return Number.NEGATIVE_INFINITY
  return logDensity((x - mu) / sigma) - Math.log(sigma) - logShare(mu, sigma, low, high)
}
