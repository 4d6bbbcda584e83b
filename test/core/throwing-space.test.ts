import { createStudy, int, memory, type Sampler, type Study, type Summary, samplers, space } from '@rxtuna/core'
import { expect } from 'chai'
import { rejection } from './rejection.ts'
import { warnings } from './warnings.ts'

const failure = new Error('no such combination')
const upperHalf = space(suggest => {
  const x = suggest.suggestFloat('x', 0, 1)
  if (x < 0.5) throw failure
  return x
})
const overUpperHalf = { space: upperHalf, evaluate: (x: number): number => x }
const drawnBy = async (study: Study): Promise<unknown> => (await study.trials()).map(({ params }) => params)

describe('a space that throws', () => {
  it('ends the run with its error, and with the error as cause after ten asks in a row that nothing could change', async () => {
    const broken = {
      space: (): number => {
        throw failure
      },
      evaluate: (): number => 1
    }
    await using study = await createStudy()
    expect(await rejection(study.optimize(broken))).to.equal(failure)
    const error = await rejection(study.optimize(broken, { onError: 'continue' }))
    expect(error).to.include({ code: 'ASK_KEEPS_FAILING', cause: failure })
    expect((error as Error).message).to.match(/got 10 errors/)
    let asks = 0
    const shaky = {
      space: (): number => {
        if (++asks % 2 === 1) throw failure
        return asks
      },
      evaluate: (): number => 1
    }
    expect((await study.optimize(shaky, { trials: 20, onError: 'continue' })).complete).to.equal(20)
  })

  it('for some params is drawn again where errors do not end the run, which says so once', async () => {
    for (const sampler of [samplers.random(), samplers.tpe()])
      for (let seed = 0; seed < 10; seed++) {
        await using study = await createStudy({ seed, sampler })
        const said = await warnings(async () => {
          const summary = await study.optimize(overUpperHalf, { until: 60, onError: 'continue' })
          expect(summary).to.include({ reason: 'trials', complete: 60, failed: 0 })
        })
        expect(said).to.deep.equal(['The space threw for some params, which are drawn again: Error: no such combination'])
      }
  })

  it('makes a study that was stopped and opened again no other than one that was not', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const run = async (ends: readonly number[]): Promise<unknown> => {
        const storage = memory()
        let drawn: unknown
        for (const until of ends) {
          await using study = await createStudy({ name: 'halves', storage, seed })
          await warnings(() => study.optimize(overUpperHalf, { until, onError: 'continue' }))
          drawn = await drawnBy(study)
        }
        return drawn
      }
      expect(await run([7, 23, 24, 60])).to.deep.equal(await run([60]))
    }
  })

  it('ends a run in which no draw of a thousand passes, with the error as cause', async () => {
    const never = space(suggest => {
      suggest.suggestFloat('x', 0, 1)
      throw failure
    })
    await using study = await createStudy()
    await warnings(async () => {
      const error = await rejection(study.optimize({ space: never, evaluate: () => 1 }, { onError: 'continue' }))
      expect(error).to.include({ code: 'ASK_KEEPS_FAILING', cause: failure })
      expect((error as Error).message).to.match(/got 1000 errors/)
    })
    expect(await study.trials()).to.deep.equal([])
  })

  it('leaves a grid its other points', async () => {
    const odd = space(suggest => {
      const x = suggest.suggestInt('x', 0, 29)
      if (x % 2 === 0) throw failure
      return x
    })
    await using study = await createStudy({ sampler: samplers.grid({ x: int(0, 29) }) })
    await warnings(async () => {
      const summary = await study.optimize({ space: odd, evaluate: x => x }, { onError: 'continue' })
      expect(summary).to.include({ reason: 'space-exhausted', complete: 15 })
    })
    const points = (await study.trials()).map(({ params }) => params.x as number).sort((a, b) => a - b)
    expect(points).to.deep.equal(Array.from({ length: 15 }, (_, i) => 2 * i + 1))
  })

  it('fails every enqueued set that makes it throw, however many, and goes on', async () => {
    await using study = await createStudy({ sampler: samplers.random() })
    for (let i = 0; i < 30; i++) await study.enqueue({ x: i / 100 })
    await study.enqueue({ x: 0.75 })
    await warnings(async () => {
      const summary = await study.optimize(overUpperHalf, { trials: 35, onError: 'continue' })
      expect(summary).to.include({ reason: 'trials', complete: 5, failed: 30 })
    })
    expect((await study.trials()).slice(0, 31).map(({ state }) => state)).to.deep.equal([...new Array(30).fill('failed'), 'complete'])
  })

  it('fails a set whose value is none of its parameter, or which it takes with nothing beside it, and never the run', async () => {
    const wide = space(suggest => {
      const y = suggest.suggestInt('y', 1, 10)
      const x = suggest.suggestFloat('x', 0, 9)
      if (x > 7) throw failure
      return x + y
    })
    await using study = await createStudy({ sampler: samplers.random() })
    await study.enqueue({ x: '0.5' })
    await study.enqueue({ x: 8 })
    await warnings(async () => {
      const summary = await study.optimize({ space: wide, evaluate: sum => sum }, { trials: 4, onError: 'continue' })
      expect(summary).to.include({ reason: 'trials', complete: 2, failed: 2 })
    })
    const reasons = (await study.trials('failed')).map(({ systemAttributes }) => systemAttributes['rxtuna:reason'])
    expect(reasons).to.deep.equal([
      {
        name: 'StudyError',
        message: 'Expected a finite number for "x", got "0.5". Trial 0 was enqueued with it and fails: enqueue another value.',
        cause: 'invalid'
      },
      { name: 'Error', message: 'no such combination', cause: 'invalid' }
    ])
  })

  it('is tried a thousand times for a set that fixes what it refuses, of a grid too', async () => {
    const objective = space(suggest => {
      const sum = suggest.suggestInt('x', 0, 4) + suggest.suggestInt('y', 0, 4)
      if (sum < 2 || suggest.suggestInt('x', 0, 4) < 2) throw failure
      return sum
    })
    const table = space({ x: int(0, 4), y: int(0, 4) }, { where: ({ x }) => x > 1 })
    const optimized = async (run: (study: Study) => Promise<Summary<unknown>>): Promise<void> => {
      await using study = await createStudy({ sampler: samplers.grid({ x: int(0, 4), y: int(0, 4) }) })
      await study.enqueue({ x: 1 })
      await warnings(async () => expect(await run(study)).to.include({ reason: 'trials', complete: 3, failed: 1 }))
    }
    await optimized(study => study.optimize({ space: objective, evaluate: () => 1 }, { trials: 4, onError: 'continue' }))
    await optimized(study => study.optimize({ space: table, evaluate: () => 1 }, { trials: 4 }))
  })

  it('does not keep a run from ending: by its time limit, by stop(), by a signal', async () => {
    let refuse = (): void => {}
    const never = space(suggest => {
      suggest.suggestInt('x', 0, 1_000_000)
      refuse()
      throw failure
    })
    const objective = { space: never, evaluate: () => 1 }
    await using study = await createStudy({ sampler: samplers.grid({ x: int(0, 1_000_000) }) })
    await warnings(async () => {
      const timed = await study.optimize(objective, { timeout: 20, onError: 'continue' })
      expect(timed).to.include({ reason: 'timeout', complete: 0, failed: 0 })
      let calls = 0
      refuse = () => {
        if (++calls === 3) study.stop()
      }
      expect(await study.optimize(objective, { onError: 'continue' })).to.include({ reason: 'stopped', failed: 0 })
      expect(calls).to.equal(3)
      const controller = new AbortController()
      refuse = () => controller.abort('enough')
      expect(await rejection(study.optimize(objective, { signal: controller.signal, onError: 'continue' }))).to.equal('enough')
    })
    expect(await study.trials()).to.deep.equal([])
  })

  it('rejects an ask by hand, and the next one goes on behind that draw', async () => {
    const asked = async (sampler: Sampler): Promise<unknown> => {
      await using study = await createStudy({ seed: 4, sampler })
      let refused = 0
      for (let i = 0; i < 60; i++)
        await study.ask(upperHalf).catch(error => {
          expect(error).to.equal(failure)
          refused++
        })
      expect(refused).to.be.within(15, 45)
      return drawnBy(study)
    }
    for (const sampler of [samplers.random(), samplers.tpe()]) expect(await asked(sampler)).to.deep.equal(await asked(sampler))
  })
})
