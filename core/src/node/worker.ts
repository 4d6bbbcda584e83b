import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { threadId } from 'node:worker_threads'

/** Who works on something: enough to say later, on the same host, whether it still lives. */
export interface Worker {
  readonly host: string
  /** Changes when the host starts anew; empty where it is not known. */
  readonly boot: string
  readonly pid: number
  /** When the process started, in the kernel's ticks; empty where it is not known. */
  readonly start: string
  readonly thread: number
  /** Counts what was opened in this thread. */
  readonly opened: number
}

let opened = 0
const living = new Set<number>()

/** A new worker of this thread, alive until it is disposed of or the process ends. */
export function openWorker(): { readonly worker: Worker } & Disposable {
  const worker: Worker = {
    host: hostname(),
    boot: bootId(),
    pid: process.pid,
    start: startOf(process.pid) ?? '',
    thread: threadId,
    opened: opened++
  }
  living.add(worker.opened)
  return { worker, [Symbol.dispose]: () => void living.delete(worker.opened) }
}

/** Whether a worker lives: `unknown` for one of another host. */
export function workerState(worker: Worker): 'alive' | 'dead' | 'unknown' {
  if (worker.host !== hostname()) return 'unknown'
  if (worker.boot !== bootId()) return 'dead'
  if (worker.pid === process.pid && worker.start === (startOf(process.pid) ?? '')) {
    // Another thread of this process keeps its own set, which cannot be seen from here.
    return worker.thread !== threadId || living.has(worker.opened) ? 'alive' : 'dead'
  }
  const start = startOf(worker.pid)
  if (start === undefined) return 'dead'
  return start === '' || worker.start === '' || start === worker.start ? 'alive' : 'dead'
}

/** Reads a worker back from JSON; undefined for anything else. */
export function asWorker(value: unknown): Worker | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { host, boot, pid, start, thread, opened } = value as Partial<Record<keyof Worker, unknown>>
  if (typeof host !== 'string' || typeof boot !== 'string' || typeof start !== 'string') return undefined
  if (typeof pid !== 'number' || typeof thread !== 'number' || typeof opened !== 'number') return undefined
  return { host, boot, pid, start, thread, opened }
}

let boot: string | undefined
function bootId(): string {
  boot ??= readText('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
  return boot
}

/** When a process started; empty where the system does not say, undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`)
  // The name in parentheses may hold blanks; the state is the first field after it, the start time the twentieth. A zombie is dead.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (fields) return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  if (process.platform === 'linux') return undefined
  try {
    process.kill(pid, 0)
    return ''
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? '' : undefined
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
