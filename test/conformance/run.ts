// Asks the product what Optuna was asked, and compares the answers: `npm run vectors`, or `npm run vectors -- DIR` for any folder of vector files.
// The last line is JSON: {"passed":N,"failed":N,"skipped":N,"uncovered":["component", …]}.

import { resolve } from 'node:path'
import { components } from './components/index.ts'
import { type ComponentReport, reportOf } from './report.ts'
import { readVectors } from './vectors.ts'

const shown = 3
const directory = process.argv[2] === undefined ? new URL('vectors', import.meta.url).pathname : resolve(process.argv[2])

function sum(counts: ReadonlyMap<string, number>): number {
  let total = 0
  for (const count of counts.values()) total += count
  return total
}

function print({ component, covered, passed, failures, skipped, without }: ComponentReport): void {
  if (!covered) {
    console.log(`${component.padEnd(28)}uncovered`)
    return
  }
  console.log(`${component.padEnd(28)}${passed} passed, ${failures.length} failed, ${sum(skipped)} skipped`)
  for (const [reason, count] of skipped) console.log(`  skipped ${count}: ${reason}`)
  for (const [reason, count] of without) console.log(`  without ${count}: ${reason}`)
  for (const { id, at, expected, got } of failures.slice(0, shown))
    console.log(`  ${id} differs at ${at}\n    expected ${text(expected)}\n    got      ${text(got)}`)
  if (failures.length > shown)
    console.log(
      `  … and ${failures
        .slice(shown)
        .map(({ id }) => id)
        .join(', ')}`
    )
}

function text(value: unknown): string {
  const json = JSON.stringify(value, (_key, item) => (typeof item === 'number' && !Number.isFinite(item) ? String(item) : item))
  return typeof value === 'string' ? value : json.length > 600 ? `${json.slice(0, 600)}…` : json
}

// What a study warns of is no part of an answer.
console.warn = () => undefined

const reports = await Promise.all((await readVectors(directory)).map(file => reportOf(file, components)))
for (const report of reports) print(report)
const failed = reports.reduce((total, { failures }) => total + failures.length, 0)
const passed = reports.reduce((total, report) => total + report.passed, 0)
const skipped = reports.reduce((total, report) => total + sum(report.skipped), 0)
const uncovered = reports.filter(({ covered }) => !covered).map(({ component }) => component)
console.log(JSON.stringify({ passed, failed, skipped, uncovered }))
if (failed > 0) process.exitCode = 1
