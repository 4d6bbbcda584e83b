import type { Figures } from './figures.ts'
import { decimal, duration, percent, plural, roundTogether, size, wrap } from './format.ts'
import type { CacheUse, Dates, FileUse, Report, Result, TimeSpent, TrialCounts } from './report.ts'

const width = 80
const indent = 13

const notes = [
  'These companies have survived, which nobody could know in 2000.',
  'Buy and hold: each from its second bar, equal weight, no cost.',
  'Daily rebalancing is free.',
  'The start in 2001-03 leaves out most of the crash of 2000.'
]

/** The closing table as text without colour, for 80 columns unless its numbers are huge (paths are never cut); ends with a line break. */
export function printReport(report: Report): string {
  const { caches, files, lanes, resume, time, trials } = report
  const sections = [
    [...head(report), ...bestLines(report), ...table(report), ...sentences(report)],
    [
      ...trialLines(trials),
      ...timeLines(time, lanes),
      ...cacheLines(caches),
      ...fileLines(files),
      ...(resume === undefined ? [] : [line('resume', resume)])
    ],
    notes.map((note, i) => line(i === 0 ? 'notes' : '', note))
  ]
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`
}

const line = (label: string, text: string): string => `  ${label}`.padEnd(indent) + text

function head({ symbols, best, periods, trials, seed, lanes }: Report): readonly string[] {
  const late = best === undefined ? [] : symbols.filter(({ from }) => from === undefined || from > periods.inSample.to)
  const early = symbols.filter(symbol => !late.includes(symbol)).map(({ symbol }) => symbol)
  const exceptions = late.map(({ symbol, from }) =>
    from === undefined ? `${symbol} never trades at slow ${best?.params.slow}` : `${symbol} only from ${from}`
  )
  const left = `  SMA crossover  ${early.join(' ')}${exceptions.length === 0 ? '' : ` (${exceptions.join(', ')})`}`
  const { total, wanted } = trials
  const finished = trials.completed + trials.pruned + trials.reused + trials.failed
  const count =
    wanted === undefined || finished >= wanted ? plural(total, 'trial') : `${decimal(finished, 0)} of ${plural(wanted, 'trial')}`
  const right = `${count}, seed ${seed}, ${plural(lanes, 'lane')}`
  const gap = Math.min(6, width - 1 - left.length - right.length)
  return gap >= 3 ? [left + ' '.repeat(gap) + right] : [left, `  ${right}`]
}

function bestLines({ best }: Report): readonly string[] {
  if (best === undefined) return ['  best  none: no trial was completed']
  const { fast, slow, exit } = best.params
  const stop = best.params.exit === 'trail' ? `   stop ${percent(best.params.stop, 0)}` : ''
  return [`  best  #${best.number}   fast ${fast}   slow ${slow}   exit ${exit}${stop}`]
}

function table({ best, hold, periods }: Report): readonly string[] {
  const row = (label: string, cells: readonly string[]): string =>
    `  ${label.padEnd(18)}${cells.map((cell, i) => cell.padStart([14, 13, 17, 13][i] ?? 0)).join('')}`
  const figures = [best?.inSample, hold.inSample, best?.outOfSample, hold.outOfSample]
  const show = (label: string, of: (figures: Figures) => string): string =>
    row(
      label,
      figures.map(each => (each === undefined ? '-' : of(each)))
    )
  const spans = [`in sample ${span(periods.inSample)}`, `out of sample ${span(periods.outOfSample)}`] as const
  return [
    ' '.repeat(20) + spans[0].padStart(27) + spans[1].padStart(30),
    row('', ['strategy', 'buy & hold', 'strategy', 'buy & hold']),
    show('Sharpe (annual)', ({ sharpe }) => decimal(sharpe, 3)),
    row('  90 % interval', [interval(best), interval(hold), '-', '-']),
    show('return a year', ({ returnAYear }) => percent(returnAYear, 1)),
    show('largest drawdown', ({ drawdown }) => percent(drawdown, 1)),
    show('trades / costs', ({ trades, costs }) => (trades === 0 && costs === 0 ? '0 / 0' : `${decimal(trades, 0)} / ${percent(costs, 2)}`))
  ]
}

/** `2001-03..2009`: months, or whole years where the dates are a year's first or last. */
function span({ from, to }: Dates): string {
  return `${from.endsWith('-01-01') ? from.slice(0, 4) : from.slice(0, 7)}..${to.endsWith('-12-31') ? to.slice(0, 4) : to.slice(0, 7)}`
}

function interval(result: Result | undefined): string {
  return result?.interval === undefined ? '-' : `${decimal(result.interval.lo, 2)}..${decimal(result.interval.hi, 2)}`
}

function sentences({ best, hold, intervals }: Report): readonly string[] {
  if (best === undefined) return []
  const beaten = best.outOfSample.sharpe > hold.outOfSample.sharpe
  const said = [`  Out of sample it ${beaten ? 'beat' : 'did not beat'} buy and hold.`]
  if (intervals === undefined || intervals.of === 0) return said
  const { reaching, of } = intervals
  const value = decimal(best.inSample.sharpe, 3)
  const trials = plural(of, 'completed trial')
  said.push(
    `  The ${reaching === 1 ? 'interval' : 'intervals'} of ${decimal(reaching, 0)} of ${trials} ${reaching === 1 ? 'reaches' : 'reach'} ${value}.`
  )
  return said
}

function trialLines({ total, completed, pruned, reused, failed, rejected }: TrialCounts): readonly string[] {
  const unfinished = total - completed - pruned - reused - failed
  const parts = Object.entries({ completed, pruned, reused, failed, ...(unfinished === 0 ? {} : { unfinished }) })
  const sum = parts.map(([state, count], i) => `${i === 0 ? '' : '+ '}${decimal(count, 0)} ${state}`)
  const also = rejected === undefined ? [] : [`  (${plural(rejected, 'draw')} rejected by where in this run)`]
  return wrap([line('trials', `${decimal(total, 0)} =`), ...sum, ...also], width, indent)
}

function timeLines({ wholeMs, parts }: TimeSpent, lanes: number): readonly string[] {
  const sum = parts.reduce((total, { ms }) => total + ms, 0)
  const all = sum > wholeMs ? parts : [...parts, { name: 'other', ms: wholeMs - sum }]
  const hundredths = roundTogether(all.map(({ ms }) => ms / 10))
  const total = seconds(hundredths.reduce((before, each) => before + each, 0))
  // Lanes that wait beside each other spend more than the clock shows.
  const whole = sum > wholeMs ? `${seconds(wholeMs / 10)} s, in which ${plural(lanes, 'lane')} spent ${total} s =` : `${total} s =`
  const pieces = all.map(({ name }, i) => `${i === 0 ? '' : '+ '}${name} ${seconds(hundredths[i] as number)}`)
  return wrap([line('time', whole), ...pieces], width, indent)
}

const seconds = (hundredths: number): string => decimal(hundredths / 100, 2)

function cacheLines(caches: readonly CacheUse[] | undefined): readonly string[] {
  if (caches === undefined) return [line('caches', 'off')]
  const row = (label: string, name: string, cells: readonly string[]): string =>
    line(label, name.padEnd(8) + cells.map((cell, i) => cell.padStart([10, 8, 8, 9, 12][i] ?? 0)).join(''))
  return [
    row('caches', '', ['hits', 'misses', 'joined', 'rate', 'saved']),
    ...caches.map(({ name, hits, misses, joined, savedMs }) =>
      row('', name, [decimal(hits, 0), decimal(misses, 0), decimal(joined, 0), rate(hits, misses), duration(savedMs)])
    )
  ]
}

/** Hits among hits and misses, rounded down, so that 100.0 % means that nothing was missed. */
function rate(hits: number, misses: number): string {
  return hits + misses === 0 ? '-' : percent(Math.floor((hits * 1000) / (hits + misses)) / 1000, 1)
}

function fileLines(all: readonly FileUse[]): readonly string[] {
  const longest = Math.max(0, ...all.map(({ path }) => path.length))
  return all.map(({ path, bytes, files }, i) =>
    line(
      i === 0 ? 'files' : '',
      `${path.padEnd(Math.min(longest, 56))}   ${files === undefined ? '' : `${plural(files, 'file')}, `}${size(bytes)}`
    )
  )
}
