export { asWorker, openWorker, type Worker, workerState } from './worker.ts'
