import { createStudy, float, int, space } from '@rxtuna/core'
import { dedup } from '@rxtuna/dedup'
import { expect } from 'chai'
import { childProcess } from './processes.ts'
import { watchedGuard } from './watched-guard.ts'

const wide = space({ x: float(0, 1) })

describe('what dedup subscribes to', () => {
  it('trial.completed, trial.pruned and trial.failed: settled or released together, 50 ms after the first', async () => {
    const watch = watchedGuard()
    await using study = await createStudy({ seed: 1, plugins: [dedup({ guard: watch.guard })] })
    const [one, two, three, four] = [await study.ask(wide), await study.ask(wide), await study.ask(wide), await study.ask(wide)]
    const begun = performance.now()
    await study.tell(one, 1)
    await study.tell(two, { state: 'pruned' })
    await study.tell(three, { state: 'failed', error: new Error('no prices') })
    expect([watch.count('settle'), watch.count('release')]).to.deep.equal([0, 0])
    await watch.called('settle', 2)
    expect(performance.now() - begun).to.be.above(45)
    expect(watch.turns.at(-1)?.toSorted()).to.deep.equal(['release', 'settle', 'settle'])
    expect(await watch.guard.count()).to.equal(3)
    await study.tell(four, 1)
    await watch.called('settle', 3)
  })

  it('at most 500 of them at a time, without waiting when there are that many', async () => {
    const watch = watchedGuard()
    let writing = 0
    const peaks: number[] = []
    watch.before = async method => {
      if (method !== 'settle') return
      writing++
      await new Promise(resolve => setImmediate(resolve))
      if (writing > 0) peaks.push(writing)
      writing = 0
    }
    await using study = await createStudy({ seed: 1, plugins: [dedup({ guard: watch.guard })] })
    const trials = []
    while (trials.length < 1200) trials.push(await study.ask(wide))
    await Promise.all(trials.map(trial => study.tell(trial, 1)))
    await watch.called('settle', 1200)
    await new Promise(resolve => setImmediate(resolve))
    expect(peaks).to.deep.equal([500, 500, 200])
  })

  it('ask.abandoned: released without a batch, because the number is asked for again at once', async () => {
    const watch = watchedGuard()
    const broken = space({ x: int(0, 9) }, { where: () => true })
    let fails = true
    await using study = await createStudy({
      plugins: [
        {
          name: 'failing',
          install: ctx =>
            ctx.intercept('ask', async (call, next) => {
              const result = await next(call)
              if (fails) throw new Error('not now')
              return result
            })
        },
        dedup({ guard: watch.guard })
      ]
    })
    const seen: string[] = []
    study.events$.subscribe(event => seen.push(event.type))
    await study.ask(broken).catch(() => undefined)
    await watch.called('release', 1)
    expect(seen).to.deep.equal(['ask.abandoned'])
    fails = false
    expect(await study.ask(broken)).to.have.property('number', 0)
  })

  it('nothing that keeps a process alive: one that forgets to close the study ends by itself', async () => {
    await using child = childProcess(new URL('./forgetful-process.ts', import.meta.url))
    await child.ended()
    expect(child.lines).to.deep.equal(['3 evaluated, 1 open'])
  })

  it('what was told before close is in the guard after it', async () => {
    const watch = watchedGuard()
    const study = await createStudy({ seed: 1, plugins: [dedup({ guard: watch.guard })] })
    await study.optimize({ space: wide, evaluate: ({ x }) => x }, { trials: 30 })
    await study.close()
    expect(watch.count('settle')).to.equal(30)
  })
})
