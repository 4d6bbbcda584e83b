// npm run quality -- [--sampler random,tpe] [--function all] [--seeds 20] [--trials 100,200] [--json] [--check]
import { parseArgs } from 'node:util'
import { candidates, type QualityFigure, qualityFigures, type Spread, shortfall, standing } from './quality-figures.ts'
import { functions } from './quality-functions.ts'

const { values } = parseArgs({
  options: {
    sampler: { type: 'string', default: 'random,tpe' },
    function: { type: 'string', default: 'all' },
    seeds: { type: 'string', default: '20' },
    trials: { type: 'string', default: '100,200' },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false }
  }
})
const samplers = named('--sampler', values.sampler, Object.keys(candidates))
const names = values.function === 'all' ? Object.keys(functions) : named('--function', values.function, Object.keys(functions))
const [seeds = 0] = counts('--seeds', values.seeds)
const trials = counts('--trials', values.trials)

const figures: QualityFigure[] = []
for (const sampler of samplers) for (const name of names) figures.push(...(await qualityFigures(sampler, name, seeds, trials)))

if (values.json) console.log(JSON.stringify({ figures: figures.map(figure => ({ ...figure, standing: standing(figure) })) }, undefined, 2))
else for (const sampler of samplers) console.log(`${table(figures.filter(figure => figure.sampler === sampler))}\n`)
const problem = values.check ? shortfall(figures) : undefined
if (problem !== undefined) {
  console.error(problem)
  process.exitCode = 1
}

function named(option: string, text: string, known: readonly string[]): readonly string[] {
  const chosen = text.split(',')
  if (chosen.every(name => known.includes(name))) return chosen
  return refuse(`Expected ${option} to name some of ${known.join(', ')}, got ${text}.`)
}

function counts(option: string, text: string): readonly number[] {
  const numbers = text.split(',').map(Number)
  if (numbers.every(number => Number.isSafeInteger(number) && number > 0)) return numbers
  return refuse(`Expected ${option} to be whole numbers > 0, got ${text}.`)
}

function refuse(sentence: string): never {
  console.error(sentence)
  process.exit(2)
}

function table(rows: readonly QualityFigure[]): string {
  const cells = rows.map(row => [
    row.sampler,
    row.function,
    `${row.trials}`,
    text(row),
    row.optuna ? text(row.optuna) : 'unknown',
    standing(row) ?? ''
  ])
  const lines = [['sampler', 'function', 'trials', 'ours', 'Optuna 5.0.0', ''], ...cells]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0))) ?? []
  const drawn = lines.map(line =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  )
  const counted = (what: string): number => rows.filter(row => standing(row) === what).length
  return [
    ...drawn,
    `${rows.length} medians, ${counted('above third quartile')} above Optuna's third quartile, ${counted('below median')} below its median`
  ].join('\n')
}

function text({ median, q1, q3 }: Spread): string {
  return `${digits(median)} [${digits(q1)}, ${digits(q3)}]`
}

function digits(value: number): string {
  return value.toPrecision(4)
}
