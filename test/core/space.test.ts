import { categorical, createStudy, float, int, memory, type NumberOptions, type ParamValue, type Suggest, space } from '@rxtuna/core'
import { expect } from 'chai'
import fc from 'fast-check'
// The grid of decimals is not public; its corners are tested from inside.
import { decimalGrid } from '../../core/src/space.ts'
import { rejectedCode, thrownCode } from './rejection.ts'

/** Draws the same definition in `count` trials. */
async function draws<P>(count: number, define: (suggest: Suggest) => P, seed = 1): Promise<P[]> {
  await using study = await createStudy({ seed })
  const values: P[] = []
  for (let i = 0; i < count; i++) values.push((await study.ask(define)).params)
  return values
}

describe('a space', () => {
  it('as a table returns what was drawn, in the order of the table', async () => {
    await using study = await createStudy({ seed: 3 })
    const table = space({ rate: float(0.1, 0.9), layers: int(1, 4), kind: categorical(['a', 'b']) })
    const { params } = await study.ask(table)
    expect(Object.keys(params)).to.deep.equal(['rate', 'layers', 'kind'])
    expect(params.rate).to.be.within(0.1, 0.9)
    expect([1, 2, 3, 4]).to.include(params.layers)
    expect(['a', 'b']).to.include(params.kind)
    const [record] = await study.trials()
    expect(record?.params).to.deep.equal(params)
    expect(record?.distributions).to.deep.equal(table.table)
  })

  it('as a function returns what it likes, and stores what was suggested', async () => {
    await using study = await createStudy()
    const trial = await study.ask(s => ({ doubled: 2 * s.suggestInt('n', 3, 3), branch: s.suggestCategorical('kind', ['only']) }))
    expect(trial.params).to.deep.equal({ doubled: 6, branch: 'only' })
    expect((await study.trials())[0]?.params).to.deep.equal({ n: 3, kind: 'only' })
  })

  it('with a rule draws until the rule holds, and stores nothing of what it rejected', async () => {
    await using study = await createStudy({ seed: 11 })
    let asked = 0
    const rule = space(
      { a: int(0, 9), b: int(0, 9) },
      {
        where: ({ a, b }) => {
          asked++
          return a < b
        }
      }
    )
    for (let i = 0; i < 20; i++) {
      const { params } = await study.ask(rule)
      expect(params.a).to.be.below(params.b)
    }
    expect(asked).to.be.above(20)
    expect((await study.trials()).length).to.equal(20)
  })

  it('whose rule nothing satisfies rejects the ask after 1,000 draws, and leaves no trial', async () => {
    await using study = await createStudy()
    let asked = 0
    const never = space({ a: float(0, 1) }, { where: () => ++asked < 0 })
    expect(await rejectedCode(study.ask(never))).to.equal('WHERE_EXHAUSTED')
    expect(asked).to.equal(1000)
    expect(await study.trials()).to.deep.equal([])
  })

  it('that returns a promise is refused', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.ask(async s => s.suggestFloat('x', 0, 1)))).to.equal('SPACE_ASYNC')
  })

  it('that suggests a name twice gets the same value, and an error when it is of another kind', async () => {
    await using study = await createStudy()
    const { params } = await study.ask(s => [s.suggestFloat('x', 0, 1), s.suggestFloat('x', 0, 1)])
    expect(params[0]).to.equal(params[1])
    const wrong: ((suggest: Suggest) => unknown)[] = [
      s => [s.suggestFloat('x', 0, 1), s.suggestInt('x', 0, 1)],
      s => [s.suggestFloat('x', 1, 2), s.suggestFloat('x', 1, 2, { log: true })],
      s => [s.suggestInt('x', 0, 1), s.suggestCategorical('x', [0, 1])],
      s => [s.suggestCategorical('x', [0, 1]), s.suggestCategorical('x', [0, 1, 2])],
      s => [s.suggestCategorical('x', [0, 1]), s.suggestCategorical('x', ['0', 1])]
    ]
    await using other = await createStudy()
    for (const define of wrong) expect(await rejectedCode(other.ask(define))).to.equal('PARAM_KIND')
    expect(await other.trials()).to.deep.equal([])
  })

  it('keeps the kind, scale and choices of a name from trial to trial, whatever its bounds become', async () => {
    const first = (s: Suggest): unknown => [s.suggestFloat('x', 0, 1), s.suggestInt('n', 1, 4), s.suggestCategorical('c', ['a', 'b'])]
    const others: readonly ((s: Suggest) => unknown)[] = [
      s => s.suggestInt('x', 0, 1),
      s => s.suggestFloat('x', 0.1, 1, { log: true }),
      s => s.suggestInt('n', 1, 4, { log: true }),
      s => s.suggestCategorical('c', ['b', 'a']),
      s => s.suggestCategorical('n', [1, 2])
    ]
    const storage = memory()
    await using study = await createStudy({ name: 'kinds', storage })
    await study.tell(await study.ask(first), { state: 'failed', error: new Error('no') })
    for (const define of others) expect(await rejectedCode(study.ask(define))).to.equal('PARAM_INCOMPATIBLE')
    await using again = await createStudy({ name: 'kinds', storage })
    for (const define of others) expect(await rejectedCode(again.ask(define))).to.equal('PARAM_INCOMPATIBLE')
    expect((await study.trials()).length).to.equal(1)
    await study.ask(s => [s.suggestFloat('x', -5, 5, { step: 0.5 }), s.suggestInt('n', 10, 20, { step: 5 })])
  })

  it('keeps them between trials that draw while they run, before either is told', async () => {
    await using study = await createStudy()
    const [one, two] = [await study.ask(), await study.ask()]
    one.suggestFloat('x', 0, 1)
    expect(() => two.suggestInt('x', 0, 1))
      .to.throw('"x"')
      .with.property('code', 'PARAM_INCOMPATIBLE')
  })

  it('may use the names of what every object has', async () => {
    const [params] = await draws(1, s => ['constructor', 'toString', 'hasOwnProperty'].map(name => s.suggestInt(name, 2, 2)))
    expect(params).to.deep.equal([2, 2, 2])
  })

  it('refuses names that an object would reorder or swallow', async () => {
    await using study = await createStudy()
    const codes = { '10': 'PARAM_NAME_INTEGER', '0': 'PARAM_NAME_INTEGER', '': 'PARAM_NAME_EMPTY' }
    for (const [name, code] of Object.entries(codes)) {
      expect(await rejectedCode(study.ask(s => s.suggestFloat(name, 0, 1)))).to.equal(code)
      expect(thrownCode(() => space({ [name]: float(0, 1) }))).to.equal(code)
    }
    expect(await rejectedCode(study.ask(s => s.suggestFloat('__proto__', 0, 1)))).to.equal('PARAM_NAME_RESERVED')
    await study.ask(s => ['01', '-1', '1.5', '1e3'].map(name => s.suggestFloat(name, 0, 1)))
  })
})

describe('a range', () => {
  const refused = (code: string, work: () => unknown): void => {
    expect(thrownCode(work), String(work)).to.equal(code)
  }

  it('that is empty, not finite, or not positive on a logarithmic scale is refused with a code', () => {
    refused('RANGE_EMPTY', () => float(1, 0))
    refused('RANGE_EMPTY', () => int(1, 0))
    for (const bound of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '1', undefined, null] as number[]) {
      refused('RANGE_NOT_FINITE', () => float(0, bound))
      refused('RANGE_NOT_FINITE', () => float(bound, 0))
      refused('RANGE_NOT_FINITE', () => int(0, bound))
    }
    refused('LOG_NOT_POSITIVE', () => float(0, 1, { log: true }))
    refused('LOG_NOT_POSITIVE', () => float(-1, 1, { log: true }))
    refused('LOG_NOT_POSITIVE', () => int(0, 1, { log: true }))
  })

  it('with a wrong step is refused with a code', () => {
    for (const step of [0, -0.1, Number.NaN, Number.POSITIVE_INFINITY]) refused('STEP_NOT_POSITIVE', () => float(0, 1, { step }))
    for (const step of [0, -1]) refused('STEP_NOT_POSITIVE', () => int(0, 1, { step }))
    refused('INT_NOT_WHOLE', () => int(0, 10, { step: 0.5 }))
    refused('STEP_AND_LOG', () => float(1, 2, { step: 0.1, log: true }))
    refused('STEP_AND_LOG', () => int(1, 4, { step: 2, log: true }))
  })

  it('of whole numbers refuses fractions and numbers that a double cannot count', () => {
    refused('INT_NOT_WHOLE', () => int(0.5, 2))
    refused('INT_NOT_WHOLE', () => int(0, 2.5))
    refused('INT_NOT_WHOLE', () => int(0, 2 ** 53))
  })

  it('of choices refuses none, and choices that cannot be stored', () => {
    refused('CHOICES_EMPTY', () => categorical([]))
    refused('CHOICES_EMPTY', () => categorical('ab' as unknown as string[]))
    for (const choice of [{}, [], undefined, 1n, () => 1, Symbol('s')] as unknown[])
      refused('CHOICE_TYPE', () => categorical([choice as ParamValue]))
    expect(categorical([null, true, 1, '1']).choices).to.deep.equal([null, true, 1, '1'])
  })

  it('refuses options that it does not know', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.ask(s => s.suggestFloat('x', 0, 1, { steps: 1 } as NumberOptions)))).to.equal('OPTION_UNKNOWN')
  })

  it('is checked where it is suggested like where it is built', async () => {
    await using study = await createStudy()
    expect(await rejectedCode(study.ask(s => s.suggestFloat('x', 1, 0)))).to.equal('RANGE_EMPTY')
    expect(await rejectedCode(study.ask(s => s.suggestInt('x', 0.5, 1)))).to.equal('INT_NOT_WHOLE')
    expect(await rejectedCode(study.ask(s => s.suggestCategorical('x', [])))).to.equal('CHOICES_EMPTY')
  })

  it('of one point is always that point', async () => {
    const define = (s: Suggest): unknown => [
      s.suggestFloat('a', 0.5, 0.5),
      s.suggestFloat('b', 0.5, 0.5, { log: true }),
      s.suggestFloat('c', 0.25, 0.3, { step: 0.1 }),
      s.suggestInt('d', -3, -3),
      s.suggestInt('e', 1, 4, { step: 5 }),
      s.suggestCategorical('f', [null])
    ]
    for (const params of await draws(5, define)) expect(params).to.deep.equal([0.5, 0.5, 0.25, -3, 1, null])
  })

  it('may be as wide or as narrow as a double', async () => {
    const define = (s: Suggest): number[] => [
      s.suggestFloat('wide', -1.7e308, 1.7e308),
      s.suggestFloat('log', 1e-300, 1e300, { log: true }),
      s.suggestFloat('narrow', 0, 1e-300),
      s.suggestFloat('tiny', 5e-324, 1e-323),
      s.suggestFloat('stepped', -1e300, 1e300, { step: 1e299 }),
      s.suggestFloat('fine', 0, 1e-299, { step: 1e-300 }),
      s.suggestInt('int', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
    ]
    for (const params of await draws(50, define)) {
      expect(params.every(Number.isFinite), String(params)).to.equal(true)
      const [wide = 0, log = 0, narrow = 0, tiny = 0, stepped = 0, fine = 0, int = 0] = params
      expect(Math.abs(wide)).to.be.at.most(1.7e308)
      expect(log).to.be.within(1e-300, 1e300)
      expect(narrow).to.be.within(0, 1e-300)
      expect(tiny).to.be.within(5e-324, 1e-323)
      expect(Number((stepped / 1e299).toFixed(9)) % 1).to.equal(0)
      expect(Number((fine / 1e-300).toFixed(9)) % 1).to.equal(0)
      expect(Number.isSafeInteger(int)).to.equal(true)
    }
  })

  it('with more steps than a double can count is drawn within its bounds', async () => {
    for (const [value] of await draws(20, s => [
      s.suggestFloat('x', -1.7e308, 1.7e308, { step: 0.1 }),
      s.suggestFloat('y', 0, 1, { step: 1e-20 })
    ])) {
      expect(value).to.be.within(-1.7e308, 1.7e308)
    }
  })
})

describe('a stepped range', () => {
  it('brings `high` down to its grid, in exact decimals', () => {
    expect(float(0, 1, { step: 0.3 }).high).to.equal(0.9)
    expect(float(0.1, 0.7, { step: 0.2 }).high).to.equal(0.7)
    expect(float(-0.35, 0.3, { step: 0.1 }).high).to.equal(0.25)
    expect(int(0, 10, { step: 3 }).high).to.equal(9)
    expect(int(-5, 5, { step: 4 }).high).to.equal(3)
  })

  it('gives the decimals that are written, not their sums', () => {
    const { steps, at } = decimalGrid(0, 1, 0.1)
    expect(Array.from({ length: steps + 1 }, (_, i) => at(i))).to.deep.equal([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1])
  })

  it('has a nearest point for every value, found in decimals: a point is its own', () => {
    const grid = decimalGrid(-0.31, 1.1, 0.1)
    expect([-5, -0.31, -0.27, -0.25999, 0.08999999999999997, 1.05, 9].map(value => grid.snap(value))).to.deep.equal([
      -0.31, -0.31, -0.31, -0.21, 0.09, 1.09, 1.09
    ])
    const fine = decimalGrid(0, 1e9, 1e-9)
    for (const value of [669474722.5901504, 0.1 + 0.2, 123456789.12345679]) expect(fine.snap(fine.snap(value))).to.equal(fine.snap(value))
    expect(fine.snap(669474722.5901504)).to.equal(669474722.5901504)
  })

  it('draws every one of its points, also when two of them are a step apart only in decimals', async () => {
    for (const [low, high, step] of [
      [0.8, 0.9, 0.1],
      [0, 1, 0.1],
      [1e8, 1e8 + 0.5, 0.1],
      [-0.3, 0.3, 0.15]
    ] as const) {
      const seen = new Set(await draws(200, s => s.suggestFloat('x', low, high, { step })))
      const { steps, at } = decimalGrid(low, high, step)
      const points = Array.from({ length: steps + 1 }, (_, i) => at(i))
      expect([...seen].sort((a, b) => a - b)).to.deep.equal(points)
    }
  })

  it('draws nothing but decimals of its grid within its bounds, whatever the bounds are', async () => {
    const decimal = fc
      .tuple(fc.integer({ min: -100_000, max: 100_000 }), fc.integer({ min: -6, max: 6 }))
      .map(([m, e]) => Number(`${m}e${e}`))
    const steps = fc.tuple(fc.integer({ min: 1, max: 999 }), fc.integer({ min: -6, max: 6 })).map(([m, e]) => Number(`${m}e${e}`))
    await fc.assert(
      fc.asyncProperty(decimal, decimal, steps, fc.nat(), async (a, b, step, seed) => {
        const [low, high] = a < b ? [a, b] : [b, a]
        const [x] = await draws(1, s => s.suggestFloat('x', low, high, { step }), seed)
        expect(x).to.be.within(low, high)
        // In units of 1e-6, every number here is whole.
        const units = (value: number): bigint => {
          const [mantissa = '', exponent = '0'] = value.toExponential().split('e')
          const digits = mantissa.replace('.', '')
          const fraction = (mantissa.split('.')[1] ?? '').length
          const power = Number(exponent) - fraction + 6
          expect(power, `${value} has more decimals than its grid`).to.be.at.least(0)
          return BigInt(digits) * 10n ** BigInt(power)
        }
        expect((units(x as number) - units(low)) % units(step)).to.equal(0n)
      }),
      { numRuns: 300, seed: 42 }
    )
  })
})
