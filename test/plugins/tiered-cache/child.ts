import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A process of this folder, spoken to by lines. */
export interface Child extends AsyncDisposable {
  /** The next line that it says, undefined when it has ended. */
  line(): Promise<string | undefined>
  say(line: string): void
  kill(): Promise<void>
  readonly ended: Promise<unknown>
}

/** Starts a program of this folder on the sources. */
export function start(
  program: string,
  args: readonly string[],
  { preload, env = {} }: { readonly preload?: string; readonly env?: Readonly<Record<string, string>> } = {}
): Child {
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
  const imports = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href]
  const child = spawn(process.execPath, ['--conditions=@rxtuna/source', ...imports, path(program), ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit']
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // One that was killed takes no more input, which is no fault of whoever speaks to it.
  child.stdin.on('error', () => {})
  const ended = once(child, 'close')
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return {
    line: async () => {
      const next = await lines.next()
      return next.done ? undefined : next.value
    },
    say: line => void child.stdin.write(`${line}\n`),
    kill,
    ended,
    [Symbol.asyncDispose]: kill
  }
}
