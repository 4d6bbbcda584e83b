import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** A process that runs `worker-process.ts`, and the lines that it has printed. */
export interface WorkerProcess extends AsyncDisposable {
  readonly lines: readonly string[]
  /** Resolves when that many lines have come, or the process has ended. */
  printed(count: number): Promise<void>
  /** Resolves when the process has ended by itself and all its lines are here; rejects when it failed. */
  ended(): Promise<void>
  go(): void
  /** `kill -9`; resolves when the process is gone and all its lines are here. */
  kill(): Promise<void>
}

export function workerProcess(mode: string, path: string, count = 0): WorkerProcess {
  const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url))
  const child: ChildProcessByStdio<Writable, Readable, null> = spawn(
    process.execPath,
    ['--conditions=@rxtuna/source', '--disable-warning=ExperimentalWarning', script, mode, path, String(count)],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  )
  const lines: string[] = []
  const waiting: (() => void)[] = []
  const wake = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  createInterface(child.stdout).on('line', line => {
    lines.push(line)
    wake()
  })
  let closed = false
  const close = once(child, 'close').then(() => {
    closed = true
    wake()
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await close
  }
  // A process that was killed takes no more input.
  child.stdin.on('error', () => {})
  return {
    lines,
    async printed(count) {
      while (lines.length < count && !closed) await new Promise<void>(resolve => waiting.push(resolve))
    },
    async ended() {
      await close
      if (child.exitCode !== 0) throw new Error(`Expected the process to end well, got ${child.exitCode ?? child.signalCode}.`)
    },
    go: () => void child.stdin.end('go\n'),
    kill,
    [Symbol.asyncDispose]: kill
  }
}
