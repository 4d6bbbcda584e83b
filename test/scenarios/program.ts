import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export interface ProgramOptions {
  /** Where it runs, and leaves its files. */
  readonly cwd: string
  readonly args?: readonly string[]
  /** File of `examples/`. Default: the program that `npm start` runs. */
  readonly script?: string
  /** A module that is loaded before it. */
  readonly preload?: URL
  readonly env?: Readonly<Record<string, string>>
}
/** How a program ended, and all that it wrote. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}
/** A program that runs, without a terminal. */
export interface Program extends AsyncDisposable {
  readonly ended: Promise<Ended>
  /** Resolves when standard error has so many lines that match, or when the program has ended. */
  said(pattern: RegExp, times?: number): Promise<void>
  kill(signal: NodeJS.Signals): void
}

/** Starts an example as a process of its own, without the options and `RXTUNA_*` variables of this one. */
export function start({ cwd, args = [], script = 'sma-crossover.ts', preload, env = {} }: ProgramOptions): Program {
  const own = Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('RXTUNA_'))
  const child: ChildProcessByStdio<null, Readable, Readable> = spawn(
    process.execPath,
    [
      '--conditions=@rxtuna/source',
      ...(preload === undefined ? [] : ['--import', preload.href]),
      fileURLToPath(new URL(`../../examples/${script}`, import.meta.url)),
      ...args
    ],
    { cwd, env: { ...Object.fromEntries(own), ...env }, stdio: ['ignore', 'pipe', 'pipe'] }
  )
  const text = { stdout: '', stderr: '' }
  let wake = (): void => {}
  let over = false
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
      wake()
    })
  const ended = once(child, 'close').then((): Ended => {
    over = true
    wake()
    return { code: child.exitCode, signal: child.signalCode, ...text }
  })
  return {
    ended,
    async said(pattern, times = 1) {
      const count = (): number => text.stderr.split('\n').filter(line => pattern.test(line)).length
      while (count() < times && !over)
        await new Promise<void>(resolve => {
          wake = resolve
        })
    },
    kill: signal => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    }
  }
}

/** Runs an example to its end. */
export async function run(options: ProgramOptions): Promise<Ended> {
  return await start(options).ended
}

/** Runs an example to its end, which must be a good one. */
export async function runWell(options: ProgramOptions): Promise<Ended> {
  const ended = await run(options)
  if (ended.code !== 0) throw new Error(`Expected the program to end well, got ${ended.code ?? ended.signal}: ${ended.stderr}`)
  return ended
}

/** A directory for one test, removed with all that is in it. */
export function temporaryDirectory(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'rxtuna-scenario-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
