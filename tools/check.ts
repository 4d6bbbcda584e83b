// Every check once, stopping at nothing, with a table at the end: npm run check [-- NAME…], or npm run check -- --list
import { spawnSync } from 'node:child_process'

/** Each is an npm script; the tests hold the package boundaries. */
const parts = ['types', 'lint', 'test', 'api', 'type-cost', 'size', 'knip', 'package', 'pack']

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => name !== '--list' && !parts.includes(name))
if (unknown.length > 0) {
  console.error(`Expected names of checks (${parts.join(', ')}), got ${unknown.join(', ')}.`)
  process.exit(2)
}
if (wanted.includes('--list')) console.log(parts.join('\n'))
else process.exitCode = check(wanted.length > 0 ? parts.filter(part => wanted.includes(part)) : parts) ? 0 : 1

function check(names: readonly string[]): boolean {
  const results = names.map(name => {
    console.log(`\n::: ${name}`)
    const start = performance.now()
    const { status } = spawnSync('npm', ['run', '--silent', name], { stdio: 'inherit' })
    return { name, ok: status === 0, seconds: (performance.now() - start) / 1000 }
  })
  console.log()
  for (const { name, ok, seconds } of results) {
    console.log(`${name.padEnd(10)}${ok ? 'passed' : 'FAILED'}${seconds.toFixed(1).padStart(8)} s`)
  }
  return results.every(({ ok }) => ok)
}
