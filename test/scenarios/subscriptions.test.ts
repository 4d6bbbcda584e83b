import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { metrics } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { openSqlite } from '@rxtuna/core/sqlite'
import { Table, vectorFromArray } from 'apache-arrow'
import { expect } from 'chai'
import { filter } from 'rxjs'
import {
  assetCache,
  createStudy,
  dataCache,
  dedup,
  type EventType,
  float,
  openAssetCache,
  openDataCache,
  openMemoryGuard,
  openTieredCache,
  type Plugin,
  samplers,
  space,
  TrialPruned,
  telemetry,
  tieredCache
} from 'rxtuna'

/** The same plugin, to which events of these types never come. */
function deafTo(plugin: Plugin, ...types: readonly EventType[]): Plugin {
  return {
    name: plugin.name,
    install: ctx =>
      plugin.install({
        ...ctx,
        get scope() {
          return ctx.scope
        },
        events$: ctx.events$.pipe(filter(({ type }) => !types.includes(type)))
      })
  }
}

const one = space({ x: float(0, 1) })
const table = (): Table => new Table({ symbol: vectorFromArray(['A', 'A']), close: vectorFromArray(new Float64Array([1, 2])) })
/** Trial 0 completes, 1 is pruned, 2 fails. */
const endOf = (number: number): number => {
  if (number === 1) throw new TrialPruned()
  if (number === 2) throw new Error('broken')
  return number
}

// What a plugin does on an event is seen with the event, and not seen without it.
describe('each plugin subscribes to what the design says', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'rxtuna-subscriptions-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('asset-cache: study.started pins versions, study.finished ends that and reports', async () => {
    const run = async (...types: readonly EventType[]): Promise<{ asked: readonly number[]; reports: number }> => {
      let asked = 0
      const bundle = {
        name: 'b',
        version: async () => {
          asked++
          return '1'
        },
        assets: async () => ['A']
      }
      await using cache = openAssetCache()
      await using study = await createStudy({ plugins: [deafTo(assetCache(cache), ...types)] })
      let reports = 0
      study.events$.subscribe(({ type }) => type === 'asset-cache.reported' && reports++)
      // Loaded before the run, because each load asks once more.
      await cache.assets(bundle)
      asked = 0
      await study.optimize({ space: one, evaluate: async () => (await cache.assets(bundle)).length }, { trials: 4 })
      const within = asked
      await cache.assets(bundle)
      await cache.assets(bundle)
      return { asked: [within, asked - within], reports }
    }
    expect(await run()).to.deep.equal({ asked: [1, 2], reports: 1 })
    expect(await run('study.started')).to.deep.equal({ asked: [4, 2], reports: 1 })
    expect(await run('study.finished')).to.deep.equal({ asked: [1, 0], reports: 0 })
  })

  it('data-cache: trial.* checks what a trial was lent, study.finished what is left', async () => {
    const run = async (number: number, ...types: readonly EventType[]): Promise<readonly string[]> => {
      await using cache = openDataCache({ isolation: 'verify' })
      await using study = await createStudy({ plugins: [deafTo(dataCache(cache), ...types)] })
      const seen: string[] = []
      study.events$.subscribe(({ type }) => seen.push(type))
      await study.optimize(
        {
          space: one,
          evaluate: async () => {
            const { groups } = await cache.grouped({ dataset: 'd', version: '1', groupBy: 'symbol', columns: ['close'] }, async () =>
              table()
            )
            // The types forbid it; the check finds who does it all the same.
            const closes = groups.get('A')?.columns.close as unknown as Float64Array
            closes[0] = 7
            return endOf(number)
          }
        },
        { trials: 1, onError: 'continue' }
      )
      return seen.filter(type => type === 'data-cache.written' || type === 'study.finished')
    }
    for (const [number, end] of (['trial.completed', 'trial.pruned', 'trial.failed'] as const).entries()) {
      expect(await run(number), end).to.deep.equal(['data-cache.written', 'study.finished'])
      expect(await run(number, end), end).to.deep.equal(['study.finished', 'data-cache.written'])
      expect(await run(number, end, 'study.finished'), end).to.deep.equal(['study.finished'])
    }
  })

  it('tiered-cache: trial.completed and trial.pruned link entries, study.finished records the day', async () => {
    const run = async (...types: readonly EventType[]): Promise<{ links: readonly string[]; days: number }> => {
      const place = mkdtempSync(join(directory, 'tables-'))
      const query = async (sql: string): Promise<readonly Record<string, unknown>[]> => {
        using db = await openSqlite({ path: join(place, 'metadata.db') })
        return db.prepare(sql).all() as Record<string, unknown>[]
      }
      await using cache = await openTieredCache({ directory: place })
      const study = await createStudy({ name: 's', sampler: samplers.random(), plugins: [deafTo(tieredCache(cache), ...types)] })
      const request = { symbols: ['A'], startDate: '2020-01-01', endDate: '2020-02-01', resolution: '1d', dataSource: 'test' }
      await study.optimize(
        {
          space: one,
          evaluate: async (_params, trial) => {
            await cache.getOrLoad(request, async () => table())
            return endOf(trial.number)
          }
        },
        { trials: 3, onError: 'continue' }
      )
      await cache.flush()
      const days = (await query('SELECT hit_count FROM cache_statistics')).length
      await study.close()
      const links = (await query('SELECT backtest_id AS id FROM backtest_cache_links ORDER BY id')).map(({ id }) => String(id))
      return { links, days }
    }
    expect(await run()).to.deep.equal({ links: ['s/0', 's/1'], days: 1 })
    expect((await run('trial.completed')).links).to.deep.equal(['s/1'])
    expect((await run('trial.pruned')).links).to.deep.equal(['s/0'])
    expect((await run('study.finished')).days).to.equal(0)
  })

  it('dedup: trial.completed and trial.pruned settle a claim, trial.failed releases it', async () => {
    const run = async (...types: readonly EventType[]): Promise<readonly string[]> => {
      await using guard = openMemoryGuard()
      const told: string[] = []
      const watched = {
        ...guard,
        settle: async (...of: Parameters<typeof guard.settle>) => {
          told.push(`settle ${of[1].trial}`)
          await guard.settle(...of)
        },
        release: async (...of: Parameters<typeof guard.release>) => {
          told.push(`release ${of[1].trial}`)
          await guard.release(...of)
        }
      }
      const study = await createStudy({ seed: 1, sampler: samplers.random(), plugins: [deafTo(dedup({ guard: watched }), ...types)] })
      await study.optimize({ space: one, evaluate: (_params, trial) => endOf(trial.number) }, { trials: 3, onError: 'continue' })
      // What no event has ended is given up when the study closes, which is told as a release, too.
      const before = new Promise(resolve => setTimeout(resolve, 80))
      await before
      const ended = [...told].sort()
      await study.close()
      return ended
    }
    expect(await run()).to.deep.equal(['release 2', 'settle 0', 'settle 1'])
    expect(await run('trial.completed')).to.deep.equal(['release 2', 'settle 1'])
    expect(await run('trial.pruned')).to.deep.equal(['release 2', 'settle 0'])
    expect(await run('trial.failed')).to.deep.equal(['settle 0', 'settle 1'])
  })

  it('telemetry: counts every trial from its events', async () => {
    const run = async (...types: readonly EventType[]): Promise<number> => {
      const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
      const provider = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] })
      metrics.setGlobalMeterProvider(provider)
      try {
        await using study = await createStudy({ plugins: [deafTo(telemetry(), ...types)] })
        await study.optimize({ space: one, evaluate: (_params, trial) => endOf(trial.number) }, { trials: 3, onError: 'continue' })
        await provider.forceFlush()
        const recorded = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(scope => scope.metrics))
        const trials = recorded.find(({ descriptor }) => descriptor.name === 'rxtuna.trials')
        return (trials?.dataPoints ?? []).reduce((sum, { value }) => sum + (value as number), 0)
      } finally {
        metrics.disable()
        await provider.shutdown()
      }
    }
    expect(await run()).to.equal(3)
    for (const type of ['trial.completed', 'trial.pruned', 'trial.failed'] as const) expect(await run(type), type).to.equal(2)
  })
})
