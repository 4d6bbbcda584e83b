import { categorical, createStudy, float, type History, type ParamValue, type Sampler, space } from '@rxtuna/core'
import { expect } from 'chai'

/** A sampler that keeps what it was shown at its latest ask. */
function watching(): Sampler & { history?: History } {
  const sampler: Sampler & { history?: History } = {
    name: 'watching',
    sample(_, distribution, history): ParamValue {
      sampler.history = history
      return distribution.kind === 'categorical' ? (distribution.choices[0] ?? null) : distribution.low
    }
  }
  return sampler
}
const numbersOf = ({ numbers, values }: { readonly numbers: Int32Array; readonly values: Float64Array }) => [[...numbers], [...values]]

describe('a history', () => {
  it('shows params, outcomes, violations and reports in columns, and grows with the study', async () => {
    const sampler = watching()
    await using study = await createStudy({ sampler })
    const table = space({ x: float(0, 1), kind: categorical(['a', 'b']) })
    const told: readonly (readonly [number, string, number | 'pruned' | 'failed'])[] = [
      [0.5, 'b', 3],
      [0.25, 'a', 'pruned'],
      [0.75, 'b', 'failed'],
      [0.25, 'a', 1]
    ]
    for (const [x, kind, result] of told) {
      await study.enqueue({ x, kind })
      const trial = await study.ask(table)
      trial.report(10 * x, 0)
      trial.setConstraint('c', x - 0.5)
      trial.setConstraint('d', x - 0.7)
      if (typeof result === 'number') await study.tell(trial, result)
      else await study.tell(trial, result === 'pruned' ? { state: 'pruned' } : { state: 'failed', error: new Error('no') })
    }
    const running = await study.ask(table)
    const history = sampler.history ?? expect.fail('expected a history')
    expect(history.trial).to.equal(4)
    expect(numbersOf(history.column('x'))).to.deep.equal([
      [0, 1, 3],
      [0.5, 0.25, 0.25]
    ])
    const { order, before, after } = history.column('x').whole.sorted
    expect([...order]).to.deep.equal([1, 2, 0])
    expect([...before]).to.deep.equal([2, -1, 1])
    expect([...after]).to.deep.equal([-1, 2, 0])
    expect(numbersOf(history.column('kind'))).to.deep.equal([
      [0, 1, 3],
      [1, 0, 0]
    ])
    expect(numbersOf(history.column('constructor'))).to.deep.equal([[], []])
    const { states, values, violations, steps, order: byValue } = history.outcomes()
    expect([...steps]).to.deep.equal([0, 0, 0, 0])
    expect([...byValue]).to.deep.equal([3, 1, 0, 2])
    expect([...states]).to.deep.equal([1, 2, 3, 1])
    expect([...values]).to.deep.equal([3, 2.5, Number.NaN, 1])
    expect([...violations].map(value => Number(value.toFixed(9)))).to.deep.equal([0, 0, 0.3, 0])
    expect(numbersOf(history.reports(0))).to.deep.equal([
      [0, 3],
      [5, 2.5]
    ])
    expect(numbersOf(history.reports(1))).to.deep.equal([[], []])
    expect(history.evaluated()).to.equal(2)
    await study.tell(running, 9)
    expect(history.evaluated()).to.equal(3)
    expect([...history.column('x').numbers]).to.deep.equal([0, 1, 3, 4])
  })

  it('shows every trial but waiting ones and its own, by state', async () => {
    const sampler = watching()
    await using study = await createStudy({ sampler })
    await study.tell(await study.ask(), 1)
    const running = await study.ask()
    await study.enqueue({ y: 1 })
    await study.enqueue({ y: 2 })
    await study.ask(s => s.suggestFloat('x', 0, 1))
    const { history } = sampler
    expect([...(history?.trials() ?? [])].map(({ number, state }) => [number, state])).to.deep.equal([
      [0, 'complete'],
      [running.number, 'running']
    ])
    expect([...(history?.trials('complete') ?? [])].map(({ number }) => number)).to.deep.equal([0])
  })

  it('shows what a trial has drawn that draws while it runs, stored or not', async () => {
    const sampler = watching()
    await using study = await createStudy({ sampler })
    await study.enqueue({ y: 5 })
    const [first, second] = [await study.ask(), await study.ask()]
    second.suggestInt('n', 1, 3)
    const seen = () => [...(sampler.history?.trials('running') ?? [])]
    expect(seen().map(({ params }) => params)).to.deep.equal([{}])
    first.suggestFloat('x', 0, 1)
    second.suggestInt('m', 1, 3)
    const [record] = seen()
    expect(record).to.deep.include({ number: 0, state: 'running', params: { x: 0 }, distributions: { x: float(0, 1) } })
    expect(sampler.history?.record(0)).to.equal(record)
    expect(Object.isFrozen(record?.params)).to.equal(true)
    first.suggestFloat('y', 0, 9)
    second.suggestInt('k', 1, 3)
    expect(seen()[0]?.params).to.deep.equal({ x: 0, y: 5 })
    expect(record?.params).to.deep.equal({ x: 0 })
    await study.tell(first, 1)
    second.suggestInt('j', 1, 3)
    expect(seen()).to.deep.equal([])
    expect(sampler.history?.record(0)).to.deep.include({ state: 'complete', params: { x: 0, y: 5 } })
    expect(sampler.history?.record(1)).to.equal(undefined)
  })

  it('knows the distributions that all complete trials have in common, and with pruned ones', async () => {
    const sampler = watching()
    await using study = await createStudy({ sampler })
    const spaces = [
      { z: float(0, 1), a: float(0, 1), b: float(0, 1) },
      { z: float(0, 1), a: float(0, 2), b: float(0, 1) }
    ]
    for (const table of spaces) await study.tell(await study.ask(space(table)), 1)
    await study.tell(await study.ask(space({ z: float(0, 1) })), { state: 'pruned' })
    await study.tell(await study.ask(space({ other: float(0, 1) })), { state: 'failed', error: new Error('no') })
    await study.ask(space({ z: float(0, 1) }))
    expect(sampler.history?.space()).to.deep.equal({ b: float(0, 1), z: float(0, 1) })
    expect(Object.keys(sampler.history?.space() ?? {})).to.deep.equal(['b', 'z'])
    expect(sampler.history?.space({ pruned: true })).to.deep.equal({ z: float(0, 1) })
  })

  it('gives streams that depend on trial, attempt and purpose only', async () => {
    const draws: [number, number, number, number][] = []
    const sampler: Sampler = {
      name: 'noting',
      sample(name, _, history) {
        draws.push([history.trial, history.attempt, history.random(name).next(), history.random('other').next()])
        return history.random(name).next()
      }
    }
    await using study = await createStudy({ seed: 6, sampler })
    let asked = 0
    await study.ask(space(s => s.suggestFloat('x', 0, 1), { where: () => ++asked === 3 }))
    await study.ask(s => s.suggestFloat('x', 0, 1))
    expect(draws.map(([trial, attempt]) => [trial, attempt])).to.deep.equal([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0]
    ])
    expect(new Set(draws.flatMap(([, , x, other]) => [x, other])).size).to.equal(8)
  })
})
