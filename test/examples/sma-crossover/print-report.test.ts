import { expect } from 'chai'
import { printReport } from '../../../examples/sma-crossover/print-report.ts'
import type { Report } from '../../../examples/sma-crossover/report.ts'

const report: Report = {
  symbols: [
    { symbol: 'AAPL', from: '2000-05-25' },
    { symbol: 'FB', from: '2012-08-14' },
    { symbol: 'GOOG', from: '2004-11-12' },
    { symbol: 'IBM', from: '2000-05-25' },
    { symbol: 'MSFT', from: '2000-05-25' }
  ],
  seed: 0,
  lanes: 4,
  periods: { inSample: { from: '2001-03-01', to: '2009-12-31' }, outOfSample: { from: '2010-01-01', to: '2013-03-01' } },
  best: {
    number: 144,
    params: { fast: 14, slow: 60, exit: 'trail', stop: 0.13 },
    inSample: { sharpe: 1.227154, drawdown: 0.193498, returnAYear: 0.1768, trades: 73, costs: 0.019958 },
    outOfSample: { sharpe: 0.461292, drawdown: 0.166587, returnAYear: 0.0504, trades: 38, costs: 0.0094 },
    interval: { lo: 0.7075, hi: 1.8428 }
  },
  hold: {
    inSample: { sharpe: 0.795131, drawdown: 0.518345, returnAYear: 0.204, trades: 0, costs: 0 },
    outOfSample: { sharpe: 0.684634, drawdown: 0.178105, returnAYear: 0.1202, trades: 0, costs: 0 },
    interval: { lo: 0.2777, hi: 1.3675 }
  },
  intervals: { reaching: 80, of: 88 },
  trials: { total: 200, completed: 88, pruned: 94, reused: 18, failed: 0, rejected: 29 },
  time: {
    wholeMs: 812,
    parts: [
      { name: 'backtest', ms: 134 },
      { name: 'bootstrap', ms: 577 },
      { name: 'loading', ms: 46 },
      { name: 'sampler', ms: 4 },
      { name: 'storage', ms: 34 }
    ]
  },
  caches: [
    { name: 'assets', hits: 181, misses: 1, joined: 0, savedMs: 3.2 },
    { name: 'data', hits: 178, misses: 1, joined: 3, savedMs: 2310 },
    { name: 'tables', hits: 0, misses: 1, joined: 0, savedMs: 0 }
  ],
  files: [
    { path: '.rxtuna/sma-crossover.db', bytes: 163_840 },
    { path: '.rxtuna/cache', bytes: 412_345, files: 4 }
  ],
  resume: 'npm start -- --trials 400'
}

const layout = `
  SMA crossover  AAPL GOOG IBM MSFT (FB only from 2012-08-14)
  200 trials, seed 0, 4 lanes
  best  #144   fast 14   slow 60   exit trail   stop 13 %
                        in sample 2001-03..2009   out of sample 2010..2013-03
                          strategy   buy & hold         strategy   buy & hold
  Sharpe (annual)            1.227        0.795            0.461        0.685
    90 % interval       0.71..1.84   0.28..1.37                -            -
  return a year             17.7 %       20.4 %            5.0 %       12.0 %
  largest drawdown          19.3 %       51.8 %           16.7 %       17.8 %
  trades / costs       73 / 2.00 %        0 / 0      38 / 0.94 %        0 / 0
  Out of sample it did not beat buy and hold.
  The intervals of 80 of 88 completed trials reach 1.227.

  trials     200 = 88 completed + 94 pruned + 18 reused + 0 failed
             (29 draws rejected by where in this run)
  time       0.81 s = backtest 0.13 + bootstrap 0.58 + loading 0.05
             + sampler 0.00 + storage 0.03 + other 0.02
  caches                   hits  misses  joined     rate       saved
             assets         181       1       0   99.4 %        3 ms
             data           178       1       3   99.4 %      2.31 s
             tables           0       1       0    0.0 %        0 ms
  files      .rxtuna/sma-crossover.db   164 kB
             .rxtuna/cache              4 files, 412 kB
  resume     npm start -- --trials 400

  notes      These companies have survived, which nobody could know in 2000.
             Buy and hold: each from its second bar, equal weight, no cost.
             Daily rebalancing is free.
             The start in 2001-03 leaves out most of the crash of 2000.
`

const linesOf = (shown: Report): readonly string[] => printReport(shown).split('\n')
const lineWith = (shown: Report, text: string): string | undefined => linesOf(shown).find(line => line.includes(text))

describe('the closing table', () => {
  it('has this layout', () => {
    expect(`\n${printReport(report)}`).to.equal(layout)
  })

  it('is made of data that survives JSON unchanged', () => {
    expect(JSON.parse(JSON.stringify(report))).to.deep.equal(report)
  })

  it('fits 80 columns, and 100 with large numbers too, has no colour and no trailing space', () => {
    for (const line of linesOf(report)) expect(line.length, line).to.be.below(80)
    const large: Report = {
      ...report,
      symbols: report.symbols.map(({ symbol }) => (symbol === 'FB' ? { symbol } : { symbol, from: '2001-01-02' })),
      seed: Number.MAX_SAFE_INTEGER,
      lanes: 128,
      best: { ...(report.best as NonNullable<Report['best']>), number: 123_456, interval: { lo: -11.25, hi: -10.75 } },
      intervals: { reaching: 123_456, of: 123_457 },
      trials: { total: 1_234_567, completed: 123_457, pruned: 900_000, reused: 200_000, failed: 1_000, rejected: 250_000 },
      time: { wholeMs: 12_345_678, parts: report.time.parts.map(({ name }) => ({ name, ms: 1_234_567 })) },
      caches: (report.caches ?? []).map(cache => ({
        ...cache,
        hits: 1_234_567,
        joined: 123_456,
        savedMs: 12_345_678
      }))
    }
    for (const line of [...linesOf(report), ...linesOf(large)]) {
      expect(line).to.match(/^[ -~]*$/)
      expect(line.length, line).to.be.below(100)
      expect(line).to.equal(line.trimEnd())
    }
  })

  it('has a line of trials and a line of times whose parts sum to the whole', () => {
    for (const wholeMs of [812, 803, 1_500, 61_234.5]) {
      const shown = linesOf({ ...report, time: { ...report.time, wholeMs } })
      const begin = shown.findIndex(line => line.startsWith('  time'))
      const [whole, parts] = `${shown[begin]}${shown[begin + 1]}`.split('=') as [string, string]
      const numbers = (text: string): number[] => (text.match(/[\d.]+/g) ?? []).map(Number)
      expect(numbers(parts).reduce((sum, each) => sum + each)).to.be.closeTo(numbers(whole)[0] as number, 1e-9)
    }
  })

  it('says which trials are unfinished, and how many of those wanted are done', () => {
    const shown: Report = { ...report, trials: { ...report.trials, total: 202, wanted: 400 } }
    expect(lineWith(shown, 'seed')).to.equal('  200 of 400 trials, seed 0, 4 lanes')
    const unbroken = printReport(shown).replace(/\n {13}/g, ' ')
    expect(unbroken).to.include('trials     202 = 88 completed + 94 pruned + 18 reused + 0 failed + 2 unfinished')
    const done: Report = { ...report, trials: { ...report.trials, wanted: 200 } }
    expect(lineWith(done, 'seed')).to.equal('  200 trials, seed 0, 4 lanes')
  })

  it('says so when lanes that wait beside each other spent more than the clock shows', () => {
    const parts = [
      { name: 'backtest', ms: 1_000 },
      { name: 'loading', ms: 7_000 }
    ]
    const shown = linesOf({ ...report, time: { wholeMs: 6_800, parts } })
    const begin = shown.findIndex(line => line.startsWith('  time'))
    expect(shown.slice(begin, begin + 2)).to.deep.equal([
      '  time       6.80 s, in which 4 lanes spent 8.00 s = backtest 1.00',
      '             + loading 7.00'
    ])
  })

  it('says that FB never trades when slow leaves it too few bars, and names no exception when there is none', () => {
    const best = { ...(report.best as NonNullable<Report['best']>), params: { fast: 50, slow: 200, exit: 'cross' } as const }
    const symbols = [{ symbol: 'AAPL', from: '2000-12-13' }, { symbol: 'FB' }]
    expect(linesOf({ ...report, best, symbols }).slice(0, 3)).to.deep.equal([
      '  SMA crossover  AAPL (FB never trades at slow 200)',
      '  200 trials, seed 0, 4 lanes',
      '  best  #144   fast 50   slow 200   exit cross'
    ])
    expect(linesOf({ ...report, symbols: report.symbols.slice(0, 1) })[0]).to.match(/^ {2}SMA crossover {2}AAPL {4,}200 trials/)
  })

  it('says when buy and hold was beaten, and counts one in the singular', () => {
    const best = report.best as NonNullable<Report['best']>
    const beaten = { ...best, outOfSample: { ...best.outOfSample, sharpe: 0.7 } }
    const shown: Report = {
      ...report,
      best: beaten,
      lanes: 1,
      intervals: { reaching: 1, of: 1 },
      trials: { total: 1, completed: 1, pruned: 0, reused: 0, failed: 0, rejected: 1 },
      files: [{ path: 'a', bytes: 1, files: 1 }]
    }
    expect(lineWith(shown, 'Out of sample')).to.equal('  Out of sample it beat buy and hold.')
    expect(lineWith(shown, 'interval of')).to.equal('  The interval of 1 of 1 completed trial reaches 1.227.')
    expect(lineWith(shown, 'seed')).to.equal('  1 trial, seed 0, 1 lane')
    expect(lineWith(shown, 'rejected')).to.include('(1 draw rejected by where in this run)')
    expect(lineWith(shown, 'files ')).to.equal('  files      a   1 file, 1 B')
  })

  it('shows buy and hold alone when no trial is completed', () => {
    const { best, intervals, ...rest } = report
    const shown: Report = { ...rest, trials: { total: 3, wanted: 200, completed: 0, pruned: 0, reused: 0, failed: 1 } }
    expect(linesOf(shown).slice(0, 12)).to.deep.equal([
      '  SMA crossover  AAPL FB GOOG IBM MSFT      1 of 200 trials, seed 0, 4 lanes',
      '  best  none: no trial was completed',
      '                        in sample 2001-03..2009   out of sample 2010..2013-03',
      '                          strategy   buy & hold         strategy   buy & hold',
      '  Sharpe (annual)                -        0.795                -        0.685',
      '    90 % interval                -   0.28..1.37                -            -',
      '  return a year                  -       20.4 %                -       12.0 %',
      '  largest drawdown               -       51.8 %                -       17.8 %',
      '  trades / costs                 -        0 / 0                -        0 / 0',
      '',
      '  trials     3 = 0 completed + 0 pruned + 0 reused + 1 failed + 2 unfinished',
      '  time       0.81 s = backtest 0.13 + bootstrap 0.58 + loading 0.05'
    ])
  })

  it('says that the caches are off, or that one was not asked', () => {
    const { caches, ...off } = report
    expect(lineWith(off, 'caches')).to.equal('  caches     off')
    const idle: Report = { ...report, caches: [{ name: 'data', hits: 0, misses: 0, joined: 0, savedMs: 0 }] }
    expect(lineWith(idle, 'data ')).to.equal('             data             0       0       0        -        0 ms')
  })
})
