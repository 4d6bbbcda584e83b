import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ProgramRun {
  readonly code: number
  readonly lines: readonly string[]
  /** The last line. */
  readonly summary: { readonly passed: number; readonly failed: number; readonly skipped: number; readonly uncovered: readonly string[] }
}

/** Runs the vectors as `npm run vectors` does, in a process of its own. `root`: the repository, or a copy of its parts. */
export async function runVectors(args: readonly string[] = [], root: URL = new URL('../../', import.meta.url)): Promise<ProgramRun> {
  const program = fileURLToPath(new URL('test/conformance/run.ts', root))
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ['--conditions=@rxtuna/source', program, ...args], (error, stdout, stderr) => {
      const lines = stdout.trimEnd().split('\n')
      const code = typeof error?.code === 'number' ? error.code : 0
      try {
        resolve({ code, lines, summary: JSON.parse(lines.at(-1) ?? '') })
      } catch {
        reject(new Error(`Expected a last line of JSON, got ${lines.at(-1)}.\n${stderr}`))
      }
    })
  })
}
