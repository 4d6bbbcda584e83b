import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const requirement = 'optuna==5.0.0'
const cache = fileURLToPath(new URL('../../.cache', import.meta.url))
const directory = join(cache, 'venv')
const marker = 'rxtuna-requirement.txt'

let python: Promise<string> | undefined

/**
 * The path of a Python interpreter that has Optuna, in a virtual environment that is built once and kept; undefined when it cannot be had.
 * With `RXTUNA_REQUIRE_SERVICES=1` it rejects instead.
 */
async function optunaPython(): Promise<string | undefined> {
  python ??= environment()
  try {
    return await python
  } catch (error) {
    if (process.env.RXTUNA_REQUIRE_SERVICES === '1') throw error
    return undefined
  }
}

/** A `before` hook: skips the tests when Optuna cannot be had, and says so. */
export async function needsOptuna(this: Mocha.Context): Promise<void> {
  this.timeout(300_000)
  if ((await optunaPython()) !== undefined) return
  console.log(`      skipped, because a virtual environment with ${requirement} could not be made: python3 with venv and pip is needed`)
  this.skip()
}

/** Runs a Python program with Optuna; resolves with what it printed, rejects with what it said when it failed. */
export async function runPython(program: string, ...values: readonly string[]): Promise<string> {
  const interpreter = await optunaPython()
  if (interpreter === undefined) throw new Error('Expected Optuna, got none. Use needsOptuna in a `before` hook.')
  const quiet = 'import warnings, optuna\nwarnings.simplefilter("ignore")\noptuna.logging.set_verbosity(optuna.logging.ERROR)\n'
  const { stdout } = await run(interpreter, ['-c', quiet + program, ...values], { maxBuffer: 1 << 26 })
  return stdout
}

async function environment(): Promise<string> {
  const interpreter = (of: string): string => join(of, 'bin', 'python')
  if (await isComplete()) return interpreter(directory)
  // Built beside its place and renamed, so that what is found there is whole; what runs as a module does not mind the move.
  const building = join(cache, `venv-${process.pid}-${Date.now()}`)
  await mkdir(cache, { recursive: true })
  try {
    await run('python3', ['-m', 'venv', building])
    await run(interpreter(building), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement])
    await writeFile(join(building, marker), requirement)
    if (existsSync(directory) && !(await isComplete())) await rm(directory, { recursive: true, force: true })
    await rename(building, directory)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    // Another process may have been faster.
    if (!(await isComplete())) throw error
  }
  return interpreter(directory)
}

async function isComplete(): Promise<boolean> {
  try {
    return (await readFile(join(directory, marker), 'utf8')) === requirement
  } catch {
    return false
  }
}
