import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ThreadResult, ThreadTask } from './parquet-thread.ts'

interface Thread {
  readonly worker: Worker
  job: Job | undefined
  idle: NodeJS.Timeout | undefined
}

interface Job {
  readonly task: ThreadTask
  readonly settle: PromiseWithResolvers<ThreadResult>
}

/** That a task's thread ended before the task did, or could not be started. */
export class ThreadLost extends Error {}

const mostThreads = 4
// The library's memory never shrinks, so a thread that has nothing to do ends.
const idleMs = 5_000

/** Threads that encode and decode: started when there is work, at most four, and ended when there is none. They keep no process alive. */
export class ParquetThreads implements AsyncDisposable {
  readonly size: number = Math.min(mostThreads, availableParallelism())
  readonly #threads = new Set<Thread>()
  readonly #waiting: Job[] = []
  readonly #program: URL

  constructor(program: URL = threadProgram()) {
    this.#program = program
  }

  /** Rejects when the task fails, and with a `ThreadLost`. */
  run(task: ThreadTask): Promise<ThreadResult> {
    const job: Job = { task, settle: Promise.withResolvers() }
    const free = [...this.#threads].find(thread => thread.job === undefined)
    if (free) this.#begin(free, job)
    else if (this.#threads.size < this.size) this.#beginNew(job)
    else this.#waiting.push(job)
    return job.settle.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { settle } of this.#waiting.splice(0)) settle.reject(new ThreadLost('it was closed'))
    await Promise.all([...this.#threads].map(thread => this.#end(thread)))
  }

  #start(): Thread {
    const thread: Thread = { worker: new Worker(this.#program), job: undefined, idle: undefined }
    this.#threads.add(thread)
    thread.worker.on('message', ({ result, error }: { readonly result?: ThreadResult; readonly error?: string }) => {
      const { job } = thread
      if (result) {
        this.#next(thread)
        job?.settle.resolve(result)
      } else {
        job?.settle.reject(new Error(error))
        // After a failure the library's state is not known.
        void this.#end(thread)
      }
    })
    thread.worker.on('error', cause => this.#lost(thread, new ThreadLost(cause.message, { cause })))
    thread.worker.on('exit', () => this.#lost(thread, new ThreadLost('its thread ended')))
    return thread
  }

  #beginNew(job: Job): void {
    try {
      this.#begin(this.#start(), job)
    } catch (cause) {
      // Such as a permission to start threads that is missing.
      job.settle.reject(new ThreadLost(cause instanceof Error ? cause.message : String(cause), { cause }))
    }
  }

  #begin(thread: Thread, job: Job): void {
    clearTimeout(thread.idle)
    thread.job = job
    thread.worker.ref()
    thread.worker.postMessage(job.task)
  }

  #next(thread: Thread): void {
    thread.job = undefined
    const job = this.#waiting.shift()
    if (job) this.#begin(thread, job)
    else {
      thread.worker.unref()
      thread.idle = setTimeout(() => void this.#end(thread), idleMs).unref()
    }
  }

  async #end(thread: Thread): Promise<void> {
    this.#lost(thread, new ThreadLost('it was closed'))
    await thread.worker.terminate()
  }

  #lost(thread: Thread, error: Error): void {
    clearTimeout(thread.idle)
    thread.job?.settle.reject(error)
    thread.job = undefined
    if (!this.#threads.delete(thread)) return
    const job = this.#waiting.shift()
    if (job) this.#beginNew(job)
  }
}

function threadProgram(): URL {
  // Beside this file, under the name that it has in the sources or in the build.
  return new URL(import.meta.url.endsWith('.ts') ? './parquet-thread.ts' : './parquet-thread.js', import.meta.url)
}
