import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AskedTrial, createStudy, int, memory, type Plugin, type Study, type StudyStorage, space } from '@rxtuna/core'
import { openWorker } from '@rxtuna/core/node'
import { dedup, openMemoryGuard, openSqliteGuard, type SignatureGuard } from '@rxtuna/dedup'
import { expect } from 'chai'
import { watched } from '../../core/watched-storage.ts'
import { listed } from './gates.ts'
import { watchedGuard } from './watched-guard.ts'

const digits = space({ x: int(0, 9) })
const objective = { space: digits, evaluate: ({ x }: { readonly x: number }): number => x }

/** Fails the next ask after everything else was done for it. */
function failing(): { readonly plugin: Plugin; fail: boolean } {
  const state = {
    fail: false,
    plugin: {
      name: 'failing',
      install: ctx =>
        ctx.intercept('ask', async (call, next) => {
          const result = await next(call)
          if (!state.fail) return result
          state.fail = false
          throw new Error('not now')
        })
    } satisfies Plugin
  }
  return state
}

describe('a claim', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-dedup-'))
  after(() => rmSync(directory, { recursive: true }))

  it('is given up when the study closes before its trial was told', async () => {
    const guard = openMemoryGuard()
    const study = await createStudy({ sampler: listed([1, 2, 3]), plugins: [dedup({ guard })] })
    await study.ask(digits)
    await study.tell(await study.ask(digits), 2)
    await study.ask(digits)
    expect(await guard.count()).to.equal(3)
    await study.close()
    expect(await guard.count()).to.equal(1)
  })

  it('is given up at once when the ask comes to nothing', async () => {
    const guard = openMemoryGuard()
    const around = failing()
    await using study = await createStudy({ sampler: listed([1]), plugins: [around.plugin, dedup({ guard })] })
    around.fail = true
    expect(await study.ask(digits).catch((error: Error) => error.message)).to.equal('not now')
    await new Promise(resolve => setImmediate(resolve))
    expect(await guard.count()).to.equal(0)
  })

  it('of a number that is asked for again stays, with the same params or others', async () => {
    for (const second of [1, 2]) {
      const watch = watchedGuard()
      // The first claim is still being given up when the second comes.
      watch.before = method => (method === 'release' ? new Promise(resolve => setImmediate(resolve)) : undefined)
      const around = failing()
      let x = 1
      const sampler = { ...listed([]), sample: () => x }
      await using study = await createStudy({ sampler, plugins: [around.plugin, dedup({ guard: watch.guard })] })
      around.fail = true
      const abandoned = study.ask(digits).catch((error: Error) => error.message)
      // Asked for before the first has ended.
      const again = abandoned.then(() => {
        x = second
        return study.ask(digits)
      })
      expect(await abandoned).to.equal('not now')
      expect(await again).to.deep.include({ number: 0, params: { x: second } })
      x = 3
      await study.tell(await study.ask(digits), 1)
      await watch.called('settle', 1)
      expect(await watch.guard.count()).to.equal(2)
      x = second
      expect((await study.ask(digits)).twin).to.equal(0)
    }
  })

  it('of two workers that ask for one number with the same draw stays with the one that gets the number', async () => {
    for (const first of [0, 1]) {
      const guard = openMemoryGuard()
      const inner = memory()
      const names = ['one', 'two']
      const bothClaimed = Promise.withResolvers<void>()
      const firstCreated = Promise.withResolvers<void>()
      let claims = 0
      const studies: Study[] = []
      for (const index of [0, 1]) {
        const storage = watched(inner)
        storage.before = async (method, args) => {
          if (method !== 'create' || args[2] !== 0) return
          if (++claims === 2) bothClaimed.resolve()
          await bothClaimed.promise
          if (index !== first) await firstCreated.promise
        }
        storage.after = (method, args) => {
          if (method === 'create' && args[2] === 0 && index === first) firstCreated.resolve()
        }
        studies.push(
          await createStudy({ name: 'study', seed: 1, storage: storage.storage, sampler: listed([1]), plugins: [dedup({ guard })] })
        )
      }
      const asked = (await Promise.all(studies.map(study => study.ask(digits)))) as AskedTrial[]
      const winner = asked[first] as AskedTrial
      const loser = asked[1 - first] as AskedTrial
      expect([winner.number, winner.twin], names[first]).to.deep.equal([0, undefined])
      expect([loser.number, loser.twin], names[first]).to.deep.equal([1, 0])
      await studies[first]?.tell(winner, 5)
      const next = await (studies[1 - first] as Study).ask(digits)
      expect(next.answer).to.deep.include({ value: [5], reusedFrom: 0 })
      for (const study of studies) await study.close()
    }
  })

  it('of a study that was deleted and made anew is void', async () => {
    const path = join(directory, 'anew.db')
    const values = [1, 2, 3, 1, 2, 3]
    await using storage = memory()
    const run = async (guard: SignatureGuard): Promise<readonly (number | undefined)[]> => {
      await using study = await createStudy({ name: 'study', storage, sampler: listed(values), plugins: [dedup({ guard })] })
      await study.optimize(objective, { trials: 6 })
      return (await study.trials()).map(trial => trial.reusedFrom)
    }
    await using guard = await openSqliteGuard({ path })
    expect(await run(guard)).to.deep.equal([undefined, undefined, undefined, 0, 1, 2])
    await storage.remove('study')
    values.reverse()
    expect(await run(guard)).to.deep.equal([undefined, undefined, undefined, 0, 1, 2])
    expect(await guard.count()).to.equal(3)
  })

  it('of a trial that the study does not have is waited for as long as its worker lives, and void afterwards', async () => {
    await using guard = await openSqliteGuard({ path: join(directory, 'ghost.db') })
    const other = openWorker()
    const claimed: string[] = []
    const watch = watchedGuard(guard)
    watch.before = (method, [signature]) => void (method === 'claim' && claimed.push(signature as string))
    await using study = await createStudy({ name: 'study', sampler: listed([1]), plugins: [dedup({ guard: watch.guard })] })
    await study.tell(await study.ask(digits), { state: 'failed', error: new Error('no prices') })
    await watch.called('release', 1)
    await new Promise(resolve => setImmediate(resolve))
    await guard.claim(claimed[0] as string, { study: 'study', trial: 8, worker: JSON.stringify(other.worker) })
    expect((await study.ask(digits)).twin).to.equal(8)
    other[Symbol.dispose]()
    expect((await study.ask(digits)).twin).to.equal(undefined)
  })

  it('need not be in the guard: a guard file that was deleted is made anew, and nothing is evaluated again', async () => {
    const path = join(directory, 'deleted.db')
    await using storage = memory()
    const reused = async (): Promise<number> => {
      await using study = await createStudy({
        name: 'study',
        storage,
        sampler: listed([1, 2, 3]),
        plugins: [dedup({ guard: () => openSqliteGuard({ path }) })]
      })
      return (await study.optimize(objective, { trials: 3 })).reused
    }
    expect(await reused()).to.equal(0)
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    expect(await reused()).to.equal(3)
  })
})

describe('a guard', () => {
  const plugins = (guard: SignatureGuard | (() => Promise<SignatureGuard>)) => ({ plugins: [dedup({ guard })] })

  it('that is lent stays open when the study closes; one that the study opened is closed with it', async () => {
    const lent = watchedGuard()
    await (await createStudy(plugins(lent.guard))).close()
    expect(lent.count('dispose')).to.equal(0)
    const opened = watchedGuard()
    await (await createStudy(plugins(async () => opened.guard))).close()
    expect(opened.count('dispose')).to.equal(1)
  })

  it('that cannot be opened rejects createStudy', async () => {
    const storage: StudyStorage = memory()
    const guard = async (): Promise<SignatureGuard> => {
      throw new Error('no disk')
    }
    expect(await createStudy({ storage, ...plugins(guard) }).catch((error: Error) => error.message)).to.equal('no disk')
  })

  it('that fails to write is told of by plugin.failed, and the run goes on', async () => {
    const watch = watchedGuard()
    watch.before = method => {
      if (method === 'settle') throw new Error('disk full')
    }
    const failures: unknown[] = []
    const study = await createStudy({ sampler: listed([1, 1]), ...plugins(watch.guard) })
    study.events$.subscribe(event => event.type === 'plugin.failed' && failures.push([event.plugin, (event.error as Error).message]))
    expect(await study.optimize(objective, { trials: 2 })).to.deep.include({ complete: 2, reused: 1 })
    await study.close()
    expect(failures).to.deep.equal([['dedup', 'disk full']])
  })

  it('that fails to claim fails the ask, and the next one tries again', async () => {
    const watch = watchedGuard()
    let fails = true
    watch.before = method => {
      if (method === 'claim' && fails) throw new Error('disk full')
    }
    await using study = await createStudy({ sampler: listed([1]), ...plugins(watch.guard) })
    expect(await study.ask(digits).catch((error: Error) => error.message)).to.equal('disk full')
    fails = false
    expect(await study.ask(digits)).to.deep.include({ number: 0 })
  })
})
