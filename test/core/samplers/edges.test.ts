import { categorical, createStudy, type Distribution, float, int, type Sampler, type SpaceTable, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
import { contains, snapped } from '../../../core/src/distributions.ts'
import { Drawing } from '../../../core/src/drawing.ts'
import { HistoryView } from '../../../core/src/history-view.ts'
import type { Params } from '../../../core/src/space.ts'
import { type Json, type Report, systemKeys, type TrialState, trialRecord } from '../../../core/src/trial.ts'
import { TrialLog } from '../../../core/src/trial-log.ts'

const infinity = Number.POSITIVE_INFINITY
const choices = Array.from({ length: 10_000 }, (_, i) => `choice ${i}`)

/** Ranges at the edge of what a double holds, and what is degenerate. */
const distributions: readonly Distribution[] = [
  float(-1e300, 1e300),
  float(-Number.MAX_VALUE, Number.MAX_VALUE),
  float(0, 1e-300),
  float(-1e-300, 1e-300),
  float(0, Number.MIN_VALUE),
  float(1, 1 + Number.EPSILON),
  float(1e-300, 1e300, { log: true }),
  float(Number.MIN_VALUE, Number.MAX_VALUE, { log: true }),
  float(1e-15, 1e15, { log: true }),
  float(1, 1 + Number.EPSILON, { log: true }),
  float(5, 5),
  float(1e300, 1e300),
  float(1e-300, 1e-300, { log: true }),
  float(0.1, 0.9, { step: 0.1 }),
  float(-0.31, 1.1, { step: 0.1 }),
  float(0, 1, { step: 0.3 }),
  float(0, 1, { step: 7 }),
  float(0, 1000, { step: 1e-3 }),
  float(0, 1e-300, { step: 1e-302 }),
  float(-1e300, 1e300, { step: 1e298 }),
  float(1e17, 1e17 + 1_000, { step: 100 }),
  float(1e10, 1e10 + 1e-5, { log: true }),
  float(6.680554683785886e-11, 6.680554683785893e-11, { log: true }),
  float(1e6, 1e6 + 1.3e-9, { step: 1e-10 }),
  float(-1e300, -1e300 + 1e285),
  int(2 ** 52, 2 ** 52 + 3, { log: true }),
  int(2 ** 53 - 4, 2 ** 53 - 1),
  float(0, 1e9, { step: 1e-9 }),
  int(3, 3),
  int(-7, 9, { step: 5 }),
  int(0, Number.MAX_SAFE_INTEGER),
  int(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  int(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, { step: 2 ** 40 }),
  int(1, Number.MAX_SAFE_INTEGER, { log: true }),
  int(1, 2, { log: true }),
  categorical(choices),
  categorical(['only']),
  categorical([null]),
  categorical(['a', 'b', 'a', 'a']),
  categorical([0, false, '', '0', null])
]

/** How a trial ended. */
interface Ending {
  readonly state: TrialState
  readonly values: readonly number[]
  readonly reports: readonly Report[]
  readonly constraint?: number
}
const extreme = fc.constantFrom(0, -0, 1, 1e300, -1e300, 1e-300, infinity, -infinity, Number.MAX_VALUE, Number.MIN_VALUE)
const endings: Readonly<Record<string, fc.Arbitrary<Ending>>> = {
  'all values equal': fc.constant({ state: 'complete', values: [1], reports: [] }),
  'infinite and extreme values': extreme.map(value => ({ state: 'complete', values: [value], reports: [] })),
  'all trials pruned': fc
    .array(fc.record({ step: fc.integer({ min: 0, max: 9 }), value: fc.oneof(extreme, fc.constant(Number.NaN)) }), { maxLength: 3 })
    .map(reports => ({ state: 'pruned', values: [], reports })),
  'all trials infeasible': fc
    .tuple(extreme, fc.constantFrom(1e-300, 1, 1e300, infinity))
    .map(([value, constraint]) => ({ state: 'complete', values: [value], reports: [], constraint })),
  'all trials failed': fc.constant({ state: 'failed', values: [], reports: [] }),
  'all trials running': fc.constant({ state: 'running', values: [], reports: [] })
}
const anyEnding = fc.oneof(...Object.values(endings))

/** Draws trial after trial, each knowing how those before ended; returns the params. Checks every value, joint ones before they are used. */
function drawn(sampler: Sampler, table: SpaceTable, ends: readonly Ending[], seed: number, repeated?: Params): readonly Params[] {
  const log = new TrialLog(['minimize'])
  const all: Params[] = []
  const define = space(table)
  for (const [number, { state, values, reports, constraint }] of ends.entries()) {
    const history = new HistoryView('edges', log, seed, number, 0, { params: true, attributes: [] })
    const joint = sampler.sampleJoint?.(history, table)
    if (joint === 'exhausted' || joint instanceof Promise) throw new Error('Expected a draw at once.')
    for (const [name, value] of Object.entries(joint?.params ?? {})) assertWithin(table[name] as Distribution, value)
    const sources = { sampler, history, known: log.distributions, fixed: {}, joint: joint?.params ?? {} }
    const drawing = new Drawing({ ...sources, warn: sentence => expect.fail(sentence) })
    define(drawing)
    for (const [name, value] of Object.entries(drawing.params)) {
      assertWithin(table[name] as Distribution, value)
      expect(snapped(table[name] as Distribution, value)).to.equal(value)
    }
    all.push(drawing.params)
    const systemAttributes: Record<string, Json> = constraint === undefined ? {} : { [`${systemKeys.constraint}c`]: constraint }
    const params = repeated ?? drawing.params
    log.add(trialRecord({ number, state, values, params, distributions: table, reports, attributes: {}, systemAttributes }))
  }
  return all
}

function assertWithin(distribution: Distribution, value: Params[string]): void {
  expect(contains(distribution, value), `${JSON.stringify(value)} of ${JSON.stringify(distribution).slice(0, 100)}`).to.equal(true)
}

const tables = fc
  .uniqueArray(fc.integer({ min: 0, max: distributions.length - 1 }), { minLength: 1, maxLength: 4 })
  .map((at): SpaceTable => Object.fromEntries(at.map(i => [`p${i}`, distributions[i] as Distribution])))
const seeds = fc.integer({ min: 0, max: 1_000_000 })
const all: Readonly<Record<string, () => Sampler>> = {
  random: () => samplers.random(),
  tpe: () => samplers.tpe({ startupTrials: 1 }),
  'univariate tpe': () => samplers.tpe({ startupTrials: 0, multivariate: false }),
  'tpe without constant liar': () => samplers.tpe({ startupTrials: 3, constantLiar: false })
}

for (const [name, sampler] of Object.entries(all))
  describe(`at the edges, ${name}`, function () {
    this.timeout(60_000)

    for (const [what, ending] of Object.entries(endings))
      it(`draws within bounds and on grids after ${what}`, () => {
        fc.assert(
          fc.property(tables, fc.array(ending, { minLength: 12, maxLength: 20 }), seeds, (table, ends, seed) => {
            drawn(sampler(), table, ends, seed)
          }),
          { numRuns: 25 }
        )
      })

    it('draws decimals of a grid that is finer than numbers', () => {
      const ends = Array.from({ length: 14 }, (_, i): Ending => ({ state: 'complete', values: [i === 1 ? -1e300 : 0], reports: [] }))
      for (let seed = 0; seed < 20; seed++) drawn(sampler(), { x: float(0, 1e9, { step: 1e-9 }) }, ends, seed)
    })

    it('draws within bounds and on grids after trials of all kinds', () => {
      fc.assert(
        fc.property(tables, fc.array(anyEnding, { minLength: 30, maxLength: 60 }), seeds, (table, ends, seed) => {
          drawn(sampler(), table, ends, seed)
        }),
        { numRuns: 25 }
      )
    })

    it('draws within bounds and on grids after duplicates of one trial, at every place of its range', () => {
      const shares = fc.constantFrom(0, 0.5, 1)
      fc.assert(
        fc.property(tables, fc.array(anyEnding, { minLength: 15, maxLength: 40 }), seeds, shares, (table, ends, seed, share) => {
          const repeated = Object.fromEntries(Object.entries(table).map(([name, distribution]) => [name, placeIn(distribution, share)]))
          drawn(sampler(), table, ends, seed, repeated)
        }),
        { numRuns: 25 }
      )
    })

    it('draws within bounds and on grids after trials of another range, however far away', () => {
      const ends = Array.from({ length: 15 }, (_, i): Ending => ({ state: 'complete', values: [i % 4], reports: [] }))
      const elsewhere = [0, 0.5, -0.5, 1e-300, 5e-324, 1e10, 1e300, -1e300, infinity, -infinity]
      const ranges = [float(0, 1e-16), float(0, 5e-324), ...distributions.filter(({ kind }) => kind !== 'categorical')]
      for (const [i, distribution] of ranges.entries())
        for (const value of elsewhere) drawn(sampler(), { x: distribution }, ends, i, { x: value })
    })

    it('draws from each of these ranges alone, from the first trial on', () => {
      const ends = Array.from({ length: 15 }, (_, i): Ending => ({ state: 'complete', values: [i % 4], reports: [] }))
      for (const [i, distribution] of distributions.entries()) drawn(sampler(), { x: distribution }, ends, i)
    })
  })

/** A value of the distribution at a share of its range. */
function placeIn(distribution: Distribution, share: number): Params[string] {
  if (distribution.kind === 'categorical')
    return distribution.choices[Math.round(share * (distribution.choices.length - 1))] as Params[string]
  const { low, high, log } = distribution
  const middle = log ? Math.exp(Math.log(low) * (1 - share) + Math.log(high) * share) : low * (1 - share) + high * share
  return snapped(distribution, Math.min(Math.max(middle, low), high))
}

describe('at the edges, grid', () => {
  it('tries every exact decimal, choice and single point once', async () => {
    const table = {
      step: float(-0.31, 1.1, { step: 0.1 }),
      tiny: float(0, 3e-300, { step: 1e-300 }),
      huge: float(-1e300, 1e300, { step: 1e300 }),
      one: float(5, 5),
      kind: categorical(['a', null, 1, true])
    }
    await using study = await createStudy({ sampler: samplers.grid(table) })
    const { reason, complete } = await study.optimize({ space: space(table), evaluate: ({ step }) => step }, { trials: 2_000 })
    expect(reason).to.equal('space-exhausted')
    expect(complete).to.equal(15 * 4 * 3 * 4)
    const seen = new Set<string>()
    for (const { params } of await study.trials()) {
      seen.add(JSON.stringify(params))
      for (const [name, value] of Object.entries(params)) assertWithin(table[name as keyof typeof table], value)
    }
    expect(seen.size).to.equal(complete)
  })

  it('takes 10,000 choices', async () => {
    const table = { many: categorical(choices) }
    await using study = await createStudy({ sampler: samplers.grid(table) })
    const { complete } = await study.optimize({ space: space(table), evaluate: () => 1 }, { trials: 50 })
    expect(complete).to.equal(50)
    expect(new Set((await study.trials()).map(({ params }) => params.many)).size).to.equal(50)
  })
})

describe('at the edges, a run', () => {
  for (const [name, sampler] of Object.entries(all))
    it(`of ${name} with infinite values, pruned and infeasible trials ends, its values within bounds`, async () => {
      const table = Object.fromEntries(distributions.map((distribution, i) => [`p${i}`, distribution]))
      await using study = await createStudy({ sampler: sampler(), seed: 1 })
      const evaluate = (
        _params: unknown,
        trial: { number: number; setConstraint(name: string, value: number): void; prune(): never }
      ): number => {
        if (trial.number % 5 === 1) trial.prune()
        if (trial.number % 5 === 2) trial.setConstraint('c', trial.number)
        return trial.number % 3 === 0 ? infinity : -infinity
      }
      const { complete, pruned } = await study.optimize({ space: space(table), evaluate }, { trials: 40 })
      expect([complete, pruned]).to.deep.equal([32, 8])
      for (const { params } of await study.trials())
        for (const [key, value] of Object.entries(params)) assertWithin(table[key] as Distribution, value)
    }).timeout(60_000)
})
