// npm run bench -- NAME [--check] [--json]
import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Bench, type Figure, holds } from './measure.ts'

const known = globSync('*.bench.ts', { cwd: import.meta.dirname })
  .map(file => file.replace(/\.bench\.ts$/, ''))
  .sort()
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } }
})
const [name] = positionals
if (name === undefined || positionals.length > 1 || !known.includes(name)) {
  console.error(`Expected the name of one bench (${known.join(', ') || 'there is none yet'}), got ${positionals.join(' ') || 'none'}.`)
  console.error('npm run bench -- NAME [--check] [--json]')
  process.exit(2)
}

const { bench } = (await import(`./${name}.bench.ts`)) as { readonly bench: Bench }
const figures = await bench.run()
if (values.json) console.log(JSON.stringify(report(figures), undefined, 2))
else console.log(`${bench.title}\n\n${table(figures)}`)
if (values.check && !figures.every(holds)) process.exitCode = 1

function report(figures: readonly Figure[]): unknown {
  const described = figures.map(figure => ({ ...figure, holds: holds(figure) }))
  return { name, title: bench.title, node: process.version, platform: `${process.platform}-${process.arch}`, figures: described }
}

function table(figures: readonly Figure[]): string {
  const rows = figures.map(figure => [figure.name, decimals(figure.value), figure.unit, floorOf(figure), verdictOf(figure)])
  const widths = [0, 1, 2, 3].map(column => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows
    .map(row => row.map((cell, column) => (column === 1 ? cell.padStart(widths[1] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  '))
    .map(line => line.trimEnd())
    .join('\n')
}

function floorOf({ floor, unit }: Figure): string {
  if (floor === undefined) return ''
  return 'atMost' in floor ? `at most ${floor.atMost} ${unit}` : `at least ${floor.atLeast} ${unit}`
}

function verdictOf(figure: Figure): string {
  if (figure.floor === undefined) return ''
  return holds(figure) ? 'holds' : 'DOES NOT HOLD'
}

function decimals(value: number): string {
  return Math.abs(value) >= 1_000 ? value.toFixed(0) : value.toPrecision(3)
}
