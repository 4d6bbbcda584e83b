// What the type tests cost the compiler, in type instantiations, which do not depend on the machine: npm run type-cost
import { spawnSync } from 'node:child_process'
import { root } from './packages.ts'

/**
 * A quarter above what they cost when it was last set; what raises it should be worth it to every user's editor. They are compiled with the sources, whose
 * query builders are a fourth of it and stand in no declaration that a user sees.
 */
const ceiling = 225_000

// Several checkers would each count what they share.
const { status, stdout, stderr } = spawnSync('tsc', ['-p', 'test/types', '--extendedDiagnostics', '--singleThreaded'], {
  cwd: root,
  encoding: 'utf8'
})
const instantiations = Number(/^Instantiations:\s+(\d+)$/m.exec(stdout)?.[1])
console.log(`type tests: ${instantiations} type instantiations, at most ${ceiling}`)
if (status !== 0) console.error(stdout + stderr)
// Written so that a missing figure fails too.
if (status !== 0 || !(instantiations <= ceiling)) process.exitCode = 1
