import { createStudy, memory, type Suggest, samplers } from '@rxtuna/core'
import { expect } from 'chai'

const everyKind = (s: Suggest) => ({
  float: s.suggestFloat('float', -2, 3),
  log: s.suggestFloat('log', 1e-5, 1e5, { log: true }),
  stepped: s.suggestFloat('stepped', 0, 1, { step: 0.1 }),
  int: s.suggestInt('int', -3, 6),
  intStep: s.suggestInt('intStep', 0, 90, { step: 10 }),
  intLog: s.suggestInt('intLog', 1, 1000, { log: true }),
  choice: s.suggestCategorical('choice', ['a', 'b', 'c', 'd', 'e'])
})

async function sample(count: number, seed = 5): Promise<ReturnType<typeof everyKind>[]> {
  await using study = await createStudy({ seed, sampler: samplers.random() })
  const params: ReturnType<typeof everyKind>[] = []
  for (let i = 0; i < count; i++) params.push((await study.ask(everyKind)).params)
  return params
}

/** How many of `count` values fall into each of `bins`, in units of what is expected. */
function shares(values: readonly number[], bins: number, bin: (value: number) => number): number[] {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[Math.min(bin(value), bins - 1)] = (counts[Math.min(bin(value), bins - 1)] ?? 0) + 1
  return counts.map(count => (count * bins) / values.length)
}

describe('the random sampler', () => {
  it('draws every kind within its range', async () => {
    for (const params of await sample(500)) {
      expect(params.float).to.be.within(-2, 3)
      expect(params.log).to.be.within(1e-5, 1e5)
      expect(params.stepped).to.be.within(0, 1)
      expect(params.int).to.be.within(-3, 6)
      expect(Number.isInteger(params.int)).to.equal(true)
      expect(params.intStep % 10).to.equal(0)
      expect(params.intLog).to.be.within(1, 1000)
      expect(Number.isInteger(params.intLog)).to.equal(true)
      expect('abcde').to.include(params.choice)
    }
  })

  it('draws uniformly: every tenth of a range as often, on its own scale', async () => {
    const params = await sample(4000)
    // Four standard deviations of a share of a tenth among 4,000.
    const off = 4 * Math.sqrt(0.1 * 0.9 * 4000) * (10 / 4000)
    const tenths: Record<string, number[]> = {
      float: shares(
        params.map(p => p.float),
        10,
        v => Math.floor((v + 2) / 0.5)
      ),
      log: shares(
        params.map(p => p.log),
        10,
        v => Math.floor(Math.log10(v) + 5)
      ),
      int: shares(
        params.map(p => p.int),
        10,
        v => v + 3
      ),
      intStep: shares(
        params.map(p => p.intStep / 10),
        10,
        v => v
      )
    }
    for (const [name, counts] of Object.entries(tenths))
      for (const share of counts) expect(share, `${name}: ${counts.join(' ')}`).to.be.closeTo(1, off)
    const choices = shares(
      params.map(p => 'abcde'.indexOf(p.choice)),
      5,
      v => v
    )
    for (const share of choices) expect(share).to.be.closeTo(1, off)
    const stepped = shares(
      params.map(p => Math.round(p.stepped * 10)),
      11,
      v => v
    )
    for (const share of stepped) expect(share).to.be.closeTo(1, off * 1.1)
  })

  it('gives each whole number on a logarithmic scale the share of the half below and above it', async () => {
    const params = await sample(4000)
    const ones = params.filter(p => p.intLog === 1).length / params.length
    const expected = Math.log(1.5 / 0.5) / Math.log(1000.5 / 0.5)
    expect(ones).to.be.closeTo(expected, 4 * Math.sqrt((expected * (1 - expected)) / 4000))
  })

  it('draws the same for the same seed, and other params for another', async () => {
    expect(await sample(10, 7)).to.deep.equal(await sample(10, 7))
    const [a] = await sample(1, 7)
    const [b] = await sample(1, 8)
    expect(a?.float).to.not.equal(b?.float)
  })

  it('draws a param by its name, whatever else is suggested before it', async () => {
    await using alone = await createStudy({ seed: 9 })
    await using beside = await createStudy({ seed: 9 })
    const one = await alone.ask(s => s.suggestFloat('x', 0, 1))
    const two = await beside.ask(s => [s.suggestFloat('y', 0, 1), s.suggestFloat('x', 0, 1)])
    expect(two.params[1]).to.equal(one.params)
    expect(two.params[0]).to.not.equal(one.params)
  })

  it('draws, in a study that was closed and opened again, what an uninterrupted one draws', async () => {
    const whole = await sample(8, 21)
    const storage = memory()
    const parts: unknown[] = []
    for (const count of [3, 1, 4]) {
      // Only the first knows the seed; the others find it stored.
      await using study = await createStudy({ name: 'resumed', storage, ...(parts.length === 0 ? { seed: 21 } : {}) })
      for (let i = 0; i < count; i++) parts.push((await study.ask(everyKind)).params)
    }
    expect(parts).to.deep.equal(whole)
  })
})
