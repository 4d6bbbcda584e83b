import { expect } from 'chai'
import { type Market, marketOf } from '../../../examples/sma-crossover/market.ts'
import { type StrategyParams, simulate } from '../../../examples/sma-crossover/strategy.ts'
import { realMarket } from './real-market.ts'

type Figure = readonly [inSample: number, outOfSample: number]
interface Reference {
  readonly params: StrategyParams
  readonly sharpe: Figure
  readonly drawdown: Figure
  readonly trades: Figure
  readonly costs: Figure
}

// Sharpe ratios to nine digits, from a second implementation that sums every average exactly.
const reference: readonly Reference[] = [
  {
    params: { fast: 14, slow: 60, exit: 'trail', stop: 0.13 },
    sharpe: [1.22715393, 0.461291728],
    drawdown: [0.193498, 0.166587],
    trades: [73, 38],
    costs: [0.019958, 0.0094]
  },
  {
    params: { fast: 10, slow: 140, exit: 'trail', stop: 0.15 },
    sharpe: [1.166513363, 0.348718663],
    drawdown: [0.21966, 0.139528],
    trades: [51, 26],
    costs: [0.013833, 0.0068]
  },
  {
    params: { fast: 12, slow: 40, exit: 'cross' },
    sharpe: [1.155234925, 0.621192548],
    drawdown: [0.204463, 0.134575],
    trades: [105, 51],
    costs: [0.029542, 0.01235]
  },
  {
    params: { fast: 20, slow: 100, exit: 'cross' },
    sharpe: [0.861854231, 0.523528879],
    drawdown: [0.323082, 0.15545],
    trades: [46, 28],
    costs: [0.012958, 0.0068]
  },
  {
    params: { fast: 5, slow: 20, exit: 'trail', stop: 0.05 },
    sharpe: [0.628531663, 0.640909031],
    drawdown: [0.246391, 0.121538],
    trades: [241, 101],
    costs: [0.067042, 0.024075]
  },
  {
    params: { fast: 50, slow: 200, exit: 'trail', stop: 0.2 },
    sharpe: [0.248743484, 0.131195752],
    drawdown: [0.31561, 0.131986],
    trades: [28, 7],
    costs: [0.007583, 0.002]
  }
]

const nameOf = ({ fast, slow, ...rest }: StrategyParams): string => `${fast}/${slow} ${Object.values(rest).join(' ')}`

describe('the moving-average crossover', () => {
  let market: Market
  before(async () => {
    market = await realMarket()
  })

  for (const { params, sharpe, drawdown, trades, costs } of reference) {
    it(`has the reference figures for ${nameOf(params)}`, () => {
      const { inSample, outOfSample } = simulate(market, params).finish()
      for (const [i, figures] of [inSample, outOfSample].entries()) {
        expect(figures.sharpe).to.be.closeTo(sharpe[i] as number, 6e-10)
        expect(figures.drawdown).to.be.closeTo(drawdown[i] as number, 5.1e-7)
        expect(figures.trades).to.equal(trades[i])
        expect(figures.costs).to.be.closeTo(costs[i] as number, 5.1e-7)
      }
    })
  }

  it('reports the Sharpe ratio at nine year ends, and the last one is the value', () => {
    const simulation = simulate(market, { fast: 14, slow: 60, exit: 'trail', stop: 0.13 })
    const ends = [...simulation.years()]
    expect(ends.map(({ step, year }) => `${step} ${year}`)).to.deep.equal(Array.from({ length: 9 }, (_, step) => `${step} ${2001 + step}`))
    expect(ends.at(-1)?.sharpe).to.equal(simulation.finish().inSample.sharpe)
  })

  it('gives the same whether it is watched year by year, left early and finished, or run in one go', () => {
    const params = { fast: 12, slow: 40, exit: 'cross' } as const
    const once = simulate(market, params).finish()
    const watched = simulate(market, params)
    for (const { year } of watched.years()) if (year === 2004) break
    expect(watched.finish()).to.deep.equal(once)
  })

  it('looks at no bar ahead: other prices from a day on change no return before that day', () => {
    const changed = Math.floor(market.days.length / 2)
    const symbols = market.symbols.map(bars => {
      const alter = (prices: ArrayLike<number>) =>
        Float64Array.from(prices, (price, k) => ((bars.at[k] as number) < changed ? price : price * (1 + ((k * 7919) % 100) / 100)))
      return { ...bars, open: alter(bars.open), low: alter(bars.low), close: alter(bars.close) }
    })
    for (const { params } of reference) {
      const original = simulate(market, params).finish().returns
      const altered = simulate({ ...market, symbols }, params).finish().returns
      expect(altered.subarray(0, changed), nameOf(params)).to.deep.equal(original.subarray(0, changed))
      expect(altered.subarray(changed), nameOf(params)).not.to.deep.equal(original.subarray(changed))
    }
  })

  it('is not too good to be true: no point of a coarse grid reaches a Sharpe ratio of 1.5', () => {
    let best = Number.NEGATIVE_INFINITY
    for (let fast = 2; fast <= 50; fast += 4) {
      for (let slow = 10; slow <= 250; slow += 10) {
        if (fast >= slow) continue
        for (const params of [{ exit: 'cross' }, { exit: 'trail', stop: 0.05 }, { exit: 'trail', stop: 0.13 }] as const) {
          best = Math.max(best, simulate(market, { fast, slow, ...params }).finish().inSample.sharpe)
        }
      }
    }
    expect(best).to.be.within(1.2, 1.5)
  }).timeout(30_000)

  it('has no figures but zeros in a period without bars', async () => {
    const { inSample } = simulate(await realMarket(['FB']), { fast: 5, slow: 20, exit: 'cross' }).finish()
    expect(inSample).to.deep.equal({ sharpe: 0, drawdown: 0, returnAYear: 0, trades: 0, costs: 0 })
    expect(simulate(marketOf([]), { fast: 5, slow: 20, exit: 'cross' }).finish().outOfSample.sharpe).to.equal(0)
  })

  it('refuses averages that are not in order, with a sentence', () => {
    for (const fast of [60, 61, 0, 2.5]) {
      expect(() => simulate(market, { fast, slow: 60, exit: 'cross' })).to.throw(
        RangeError,
        `Expected whole numbers with 1 <= fast < slow, got fast ${fast}, slow 60.`
      )
    }
  })
})
