import { createStudy, memory, type Plugin, type Sampler, StudyError, type StudyOptions, type StudyStorage, samplers } from '@rxtuna/core'
import { expect } from 'chai'
import { rejectedCode, rejection } from './rejection.ts'
import { watched } from './watched-storage.ts'

describe('createStudy', () => {
  it('that fails says why, even if its storage does not close either', async () => {
    const [failure, closing] = [new Error('no'), new Error('does not close')]
    const storage = (): StudyStorage => ({ ...memory(), [Symbol.asyncDispose]: () => Promise.reject(closing) })
    const plugin: Plugin = { name: 'failing', install: () => Promise.reject(failure) }
    const thrown = (await rejection(createStudy({ storage, plugins: [plugin] }))) as SuppressedError
    expect([thrown.suppressed, thrown.error]).to.deep.equal([failure, closing])
  })

  it('takes every time from its clock, those of trials in its own storage too', async () => {
    let now = 1000
    await using study = await createStudy({ clock: () => now })
    const times: number[] = []
    study.events$.subscribe(({ at }) => times.push(at))
    const trial = await study.ask()
    now = 2000
    const { startedAt, finishedAt } = await study.tell(trial, 1)
    expect([startedAt?.getTime(), finishedAt?.getTime()]).to.deep.equal([1000, 2000])
    expect(times).to.deep.equal([1000, 2000, 2000])
  })

  it('minimizes in memory with a name and a seed of its own unless told otherwise', async () => {
    await using study = await createStudy()
    await using other = await createStudy()
    expect(study.direction).to.equal('minimize')
    expect(study.name).to.match(/^no-name-[0-9a-f-]{36}$/)
    expect(Number.isSafeInteger(study.seed)).to.equal(true)
    expect(other.name).to.not.equal(study.name)
    expect(await study.best()).to.equal(undefined)
    expect(await study.trials()).to.deep.equal([])
  })

  it('continues the study of that name, with its seed, attributes, trials and best', async () => {
    const storage = memory()
    {
      await using study = await createStudy({ name: 's', storage, seed: 4, direction: 'maximize' })
      await study.setAttribute('owner', { of: ['this'] })
      await study.tell(await study.ask(s => s.suggestInt('x', 1, 9)), 2)
      await study.tell(await study.ask(), 1)
    }
    await using study = await createStudy({ name: 's', storage, direction: 'maximize' })
    expect(study.seed).to.equal(4)
    expect(study.attributes).to.deep.equal({ owner: { of: ['this'] } })
    expect((await study.best())?.number).to.equal(0)
    expect((await study.ask()).number).to.equal(2)
  })

  it('refuses other directions or another seed than the stored ones, and leaves the study as it was', async () => {
    const storage = memory()
    {
      await using study = await createStudy({ name: 's', storage, seed: 4 })
      await study.tell(await study.ask(), 1)
    }
    expect(await rejectedCode(createStudy({ name: 's', storage, direction: 'maximize' }))).to.equal('STUDY_DIRECTIONS')
    expect(await rejectedCode(createStudy({ name: 's', storage, direction: ['minimize', 'minimize'] }))).to.equal('STUDY_DIRECTIONS')
    expect(await rejectedCode(createStudy({ name: 's', storage, seed: 5 }))).to.equal('STUDY_SEED')
    expect(await rejectedCode(createStudy({ name: 's', storage, ifExists: 'fail' }))).to.equal('STUDY_EXISTS')
    await using study = await createStudy({ name: 's', storage, seed: 4 })
    expect((await study.trials()).map(({ value }) => value)).to.deep.equal([1])
  })

  it('refuses an unknown study where it must exist, and does not create it', async () => {
    const storage = memory()
    expect(await rejectedCode(createStudy({ name: 's', storage, ifMissing: 'fail' }))).to.equal('STUDY_UNKNOWN')
    expect(await storage.studies()).to.deep.equal([])
    await using created = await createStudy({ name: 's', storage })
    await using again = await createStudy({ name: 's', storage, ifMissing: 'fail' })
    expect(again.seed).to.equal(created.seed)
  })

  it('refuses every option that is wrong with its code', async () => {
    const wrong: readonly (readonly [string, Record<string, unknown>])[] = [
      ['OPTION_UNKNOWN', { directions: ['minimize'] }],
      ['STUDY_NAME', { name: '' }],
      ['STUDY_NAME', { name: 7 }],
      ['DIRECTION', { direction: 'up' }],
      ['DIRECTION', { direction: [] }],
      ['DIRECTION', { direction: ['minimize', 'min'] }],
      ['METRIC_NAMES', { metricNames: ['a', 'b'] }],
      ['SEED', { seed: -1 }],
      ['SEED', { seed: 1.5 }],
      ['SEED', { seed: 2 ** 53 }],
      ['SEED', { seed: '1' }],
      ['OPTION', { ifExists: 'replace' }],
      ['OPTION', { ifMissing: 'ignore' }],
      ['STORAGE_SHAPE', { storage: 'sqlite:///x.db' }],
      ['OPTION', { sampler: samplers.random }],
      ['OPTION', { pruner: {} }],
      ['OPTION', { plugins: {} }],
      ['PLUGIN_SHAPE', { plugins: [() => ({})] }],
      ['PLUGIN_SHAPE', { plugins: [undefined] }]
    ]
    for (const [code, options] of wrong) {
      const error = await rejection(createStudy(options as StudyOptions<'minimize'>))
      expect(error, JSON.stringify(options)).to.be.instanceOf(StudyError).and.to.include({ code })
      expect((error as StudyError).message, code).to.match(/^Expected .*, got /)
    }
  })

  it('takes seeds up to 2^53 − 1 and tells them apart by all their bits', async () => {
    const first = async (seed: number): Promise<number> => {
      await using study = await createStudy({ seed })
      return (await study.ask(s => s.suggestFloat('x', 0, 1))).params
    }
    const values = await Promise.all([0, 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map(first))
    expect(new Set(values).size).to.equal(5)
  })

  it('gives a study that Optuna made a seed, and keeps it', async () => {
    const storage = memory()
    await storage.open({ name: 'python', directions: ['minimize'] }, 'fail')
    await using study = await createStudy({ name: 'python', storage })
    await using again = await createStudy({ name: 'python', storage })
    expect(again.seed).to.equal(study.seed)
  })

  it('keeps the metric names that it was given', async () => {
    const storage = memory()
    await using _ = await createStudy({ name: 's', storage, direction: ['minimize', 'maximize'], metricNames: ['loss', 'hits'] })
    expect((await storage.studies())[0]?.metricNames).to.deep.equal(['loss', 'hits'])
  })

  const owning = (name: string, log: string[]): Plugin => ({
    name,
    install: ctx => {
      log.push(`${name} installed`)
      ctx.scope.defer(() => {
        log.push(`${name} disposed`)
      })
    }
  })

  it('disposes in reverse of what was installed when a plugin fails, and closes the storage that it opened', async () => {
    const log: string[] = []
    const watch = watched()
    watch.before = method => {
      if (method === 'dispose') log.push('storage closed')
    }
    const failure = new Error('no licence')
    const failing: Plugin = {
      name: 'failing',
      install: ctx => {
        ctx.scope.defer(() => {
          log.push('failing disposed')
        })
        ctx.signal.addEventListener('abort', () => log.push(`aborted: ${ctx.signal.reason === failure}`))
        throw failure
      }
    }
    const plugins = [owning('a', log), owning('b', log), failing, owning('never', log)]
    expect(await rejection(createStudy({ storage: () => watch.storage, plugins }))).to.equal(failure)
    expect(log).to.deep.equal([
      'a installed',
      'b installed',
      'aborted: true',
      'failing disposed',
      'b disposed',
      'a disposed',
      'storage closed'
    ])
  })

  it('leaves a storage open that it was lent, and says why even if disposing fails too', async () => {
    const watch = watched()
    const disposal = new Error('cannot let go')
    const failure = new Error('no licence')
    const plugins: Plugin[] = [
      { name: 'a', install: ctx => ctx.scope.defer(() => Promise.reject(disposal)) },
      { name: 'b', install: () => Promise.reject(failure) }
    ]
    const error = await rejection(createStudy({ storage: watch.storage, plugins }))
    expect(error).to.be.instanceOf(SuppressedError)
    expect(error).to.include({ error: disposal, suppressed: failure })
    expect(watch.calls).to.not.include('dispose')
  })

  it('refuses two plugins of one name before it installs any, and closes the storage', async () => {
    const log: string[] = []
    const watch = watched()
    const plugins = [owning('a', log), owning('b', log), owning('a', log)]
    expect(await rejectedCode(createStudy({ storage: () => watch.storage, plugins }))).to.equal('PLUGIN_NAME_TAKEN')
    expect(log).to.deep.equal([])
    expect(watch.calls.at(-1)).to.equal('dispose')
  })

  it('rejects with what the storage rejects with, wherever that happens', async () => {
    const failure = new Error('no disk')
    expect(await rejection(createStudy({ storage: () => Promise.reject<StudyStorage>(failure) }))).to.equal(failure)
    for (const failing of ['open', 'read'] as const) {
      const log: string[] = []
      const watch = watched()
      watch.before = method => {
        if (method === failing) throw failure
      }
      expect(await rejection(createStudy({ storage: () => watch.storage, plugins: [owning('a', log)] }))).to.equal(failure)
      expect(log).to.deep.equal(failing === 'open' ? [] : ['a installed', 'a disposed'])
      expect(watch.calls.at(-1)).to.equal('dispose')
    }
  })

  it('rejects an ask when the sampler throws, and goes on afterwards', async () => {
    const failure = new Error('no idea')
    const sampler: Sampler = {
      name: 'lost',
      sample: (_name, _distribution, history) => {
        if (failing) throw failure
        return history.random('x').next()
      }
    }
    let failing = true
    await using study = await createStudy({ sampler })
    expect(await rejection(study.ask(s => s.suggestFloat('x', 0, 1)))).to.equal(failure)
    failing = false
    expect((await study.ask(s => s.suggestFloat('x', 0, 1))).number).to.equal(0)
  })

  it('refuses what a sampler draws when it is no value of the parameter', async () => {
    const sampler = { name: 'wrong', sample: () => Number.NaN }
    await using study = await createStudy({ sampler })
    expect(await rejectedCode(study.ask(s => s.suggestFloat('x', 0, 1)))).to.equal('PARAM_VALUE')
    expect(await rejectedCode(study.ask(s => s.suggestCategorical('x', ['a', 'b'])))).to.equal('PARAM_VALUE')
  })
})
