import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

interface Environment {
  /** A `before` hook: skips the tests when the environment cannot be had, and says so. */
  needs(this: Mocha.Context): Promise<void>
  /** Runs a Python program in it; resolves with what it printed, rejects with what it said when it failed. */
  run(program: string, ...values: readonly string[]): Promise<string>
}

const run = promisify(execFile)
const cache = fileURLToPath(new URL('../../.cache', import.meta.url))
const marker = 'rxtuna-requirement.txt'

export const { needs: needsOptuna, run: runPython } = pythonEnvironment(
  'venv',
  ['optuna==5.0.0'],
  'import warnings, optuna\nwarnings.simplefilter("ignore")\noptuna.logging.set_verbosity(optuna.logging.ERROR)\n'
)

export const { needs: needsParquetTools, run: runParquetTools } = pythonEnvironment('venv-parquet', [
  'pyarrow==26.0.1',
  'polars==2.1.0',
  'duckdb==2.0.1'
])

/**
 * A virtual environment with some packages, built when it is first needed and kept under its name; `first` begins each of its programs.
 * With `RXTUNA_REQUIRE_SERVICES=1` it must be had.
 */
function pythonEnvironment(name: string, requirements: readonly string[], first = ''): Environment {
  const wanted = requirements.join(' ')
  let python: Promise<string> | undefined
  const found = async (): Promise<string | undefined> => {
    python ??= environment(join(cache, name), requirements)
    try {
      return await python
    } catch (error) {
      if (process.env.RXTUNA_REQUIRE_SERVICES === '1') throw error
      return undefined
    }
  }
  return {
    async needs() {
      this.timeout(300_000)
      if ((await found()) !== undefined) return
      console.log(`      skipped, because a virtual environment with ${wanted} could not be made: python3 with venv and pip is needed`)
      this.skip()
    },
    async run(program, ...values) {
      const interpreter = await found()
      if (interpreter === undefined) throw new Error(`Expected Python with ${wanted}, got none. Use \`needs\` in a \`before\` hook.`)
      const { stdout } = await run(interpreter, ['-c', first + program, ...values], { maxBuffer: 1 << 26 })
      return stdout
    }
  }
}

/** The path of its interpreter. */
async function environment(directory: string, requirements: readonly string[]): Promise<string> {
  const interpreter = (of: string): string => join(of, 'bin', 'python')
  const wanted = requirements.join('\n')
  if (await isComplete(directory, wanted)) return interpreter(directory)
  // Built beside its place and renamed, so that what is found there is whole; what runs as a module does not mind the move.
  const building = `${directory}-${process.pid}-${Date.now()}`
  await mkdir(cache, { recursive: true })
  try {
    await run('python3', ['-m', 'venv', building])
    await run(interpreter(building), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements])
    await writeFile(join(building, marker), wanted)
    if (existsSync(directory) && !(await isComplete(directory, wanted))) await rm(directory, { recursive: true, force: true })
    await rename(building, directory)
  } catch (error) {
    await rm(building, { recursive: true, force: true })
    // Another process may have been faster.
    if (!(await isComplete(directory, wanted))) throw error
  }
  return interpreter(directory)
}

async function isComplete(directory: string, wanted: string): Promise<boolean> {
  try {
    return (await readFile(join(directory, marker), 'utf8')) === wanted
  } catch {
    return false
  }
}
