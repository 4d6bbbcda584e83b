export { handleInterrupt, type InterruptHandler, type InterruptibleProcess, type InterruptOptions } from './interrupt.ts'
export { type ProgressOptions, progress } from './progress.ts'
export type { ProgressStream } from './terminal.ts'
export { asWorker, openWorker, type Worker, workerState } from './worker.ts'
