import { type Counter, type Gauge, type Histogram, type Meter, type Observable, ValueType } from '@opentelemetry/api'
import { names } from './attributes.ts'
import { CacheLedger } from './cache-ledger.ts'

/** What is measured, and the caches that are: one set per meter, whatever the number of studies. */
export interface Instruments {
  readonly trials: Counter
  readonly draws: Counter
  readonly abandoned: Counter
  readonly failures: Counter
  readonly trialDuration: Histogram
  readonly askDuration: Histogram
  readonly best: Gauge
  readonly caches: CacheLedger
}

const INT = ValueType.INT
/** Seconds. OpenTelemetry's default boundaries are made for milliseconds. */
const trialSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800, 7200]
const askSeconds = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

const made = new WeakMap<Meter, Instruments>()

/** The instruments of a meter, made once. They outlive a study, so that what it did is still there when the reader collects after its end. */
export function instrumentsOf(meter: Meter): Instruments {
  let instruments = made.get(meter)
  if (!instruments) {
    instruments = make(meter)
    made.set(meter, instruments)
  }
  return instruments
}

function make(meter: Meter): Instruments {
  const caches = new CacheLedger()
  observeCaches(meter, caches)
  return {
    trials: meter.createCounter('rxtuna.trials', { unit: '{trial}', description: 'Trials told, by how they ended.', valueType: INT }),
    draws: meter.createCounter('rxtuna.draws.rejected', {
      unit: '{draw}',
      description: 'Draws that a rule of the space or another plugin turned down.',
      valueType: INT
    }),
    abandoned: meter.createCounter('rxtuna.asks.abandoned', {
      unit: '{ask}',
      description: 'Asks that ended without a trial.',
      valueType: INT
    }),
    failures: meter.createCounter('rxtuna.plugin.failures', {
      unit: '{failure}',
      description: 'Errors that plugins threw while they watched a study.',
      valueType: INT
    }),
    trialDuration: meter.createHistogram('rxtuna.trial.duration', {
      unit: 's',
      description: 'From asking for a trial to its end.',
      advice: { explicitBucketBoundaries: trialSeconds }
    }),
    askDuration: meter.createHistogram('rxtuna.ask.duration', {
      unit: 's',
      description: 'Drawing the params of a trial and storing it.',
      advice: { explicitBucketBoundaries: askSeconds }
    }),
    best: meter.createGauge('rxtuna.study.best', { description: 'The best value of a study with one objective.' }),
    caches
  }
}

function observeCaches(meter: Meter, caches: CacheLedger): void {
  const counter = (name: string, unit: string, description: string): Observable =>
    meter.createObservableCounter(`rxtuna.cache.${name}`, { unit, description, valueType: INT })
  const size = (name: string, unit: string, description: string): Observable =>
    meter.createObservableUpDownCounter(`rxtuna.cache.${name}`, { unit, description, valueType: INT })
  const hits = counter('hits', '{hit}', 'Lookups that a cache answered.')
  const misses = counter('misses', '{miss}', 'Lookups that had to load.')
  const joined = counter('joined', '{lookup}', 'Lookups that waited for a load already under way.')
  const evictions = counter('evictions', '{entry}', 'Entries dropped to keep a limit.')
  const entries = size('entries', '{entry}', 'Entries held by caches of open studies.')
  const bytes = size('bytes', 'By', 'Memory or disk that these entries take.')
  // Not a counter: hits times a running median may shrink.
  const saved = meter.createObservableUpDownCounter('rxtuna.cache.saved', { unit: 's', description: 'Loading that hits made unnecessary.' })
  meter.addBatchObservableCallback(
    result => {
      for (const [name, totals] of caches.collect()) {
        const cache = { [names.cache]: name }
        if (totals.tiers.size === 0 || totals.untiered > 0) result.observe(hits, totals.untiered, cache)
        for (const [tier, count] of totals.tiers) result.observe(hits, count, { ...cache, [names.tier]: tier })
        result.observe(misses, totals.misses, cache)
        result.observe(joined, totals.joined, cache)
        result.observe(evictions, totals.evictions, cache)
        result.observe(saved, totals.savedMs / 1000, cache)
        // Zero when no study is open: an SDK repeats the last value of what is no longer observed.
        result.observe(entries, totals.entries, cache)
        result.observe(bytes, totals.bytes, cache)
      }
    },
    [hits, misses, joined, evictions, entries, bytes, saved]
  )
}
