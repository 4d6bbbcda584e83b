import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process of the tests, and the lines that it has printed. */
export interface ChildProcess extends AsyncDisposable {
  readonly lines: readonly string[]
  /** Resolves with the first line that begins so; rejects when the process ends without it. */
  said(beginning: string): Promise<string>
  /** Resolves when the process has ended by itself; rejects when it failed. */
  ended(): Promise<void>
  tell(line: string): void
  /** `kill -9`; resolves when the process is gone. */
  kill(): Promise<void>
}

/** Starts a script. */
export function childProcess(script: URL, ...args: readonly string[]): ChildProcess {
  const child = spawn(
    process.execPath,
    ['--conditions=@rxtuna/source', '--disable-warning=ExperimentalWarning', fileURLToPath(script), ...args],
    {
      stdio: ['pipe', 'pipe', 'inherit']
    }
  )
  const lines: string[] = []
  let wake = (): void => {}
  let closed = false
  createInterface(child.stdout).on('line', line => {
    lines.push(line)
    wake()
  })
  const close = once(child, 'close').then(() => {
    closed = true
    wake()
  })
  // A process that was killed takes no more input.
  child.stdin.on('error', () => {})
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await close
  }
  return {
    lines,
    async said(beginning) {
      for (;;) {
        const line = lines.find(line => line.startsWith(beginning))
        if (line !== undefined) return line
        if (closed) throw new Error(`Expected "${beginning}", got ${JSON.stringify(lines)}.`)
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    },
    async ended() {
      await close
      if (child.exitCode !== 0) throw new Error(`Expected the process to end well, got ${child.exitCode ?? child.signalCode}.`)
    },
    tell: line => void child.stdin.write(`${line}\n`),
    kill,
    [Symbol.asyncDispose]: kill
  }
}
