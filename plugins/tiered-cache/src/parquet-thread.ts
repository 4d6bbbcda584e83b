// A thread that encodes, decodes and hashes; started by ParquetThreads.
import { hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import type { EncodePlan } from './encode-plan.ts'
import { decodeColumns, decodeStream, encodeStream } from './parquet-stream.ts'

/** Bytes lie on shared memory, so that nothing is copied on the way in. */
export type ThreadTask =
  | { readonly kind: 'encode'; readonly ipc: Uint8Array; readonly plan: EncodePlan }
  | { readonly kind: 'decode'; readonly bytes: Uint8Array; readonly rows: number; readonly columns?: readonly string[] }
  | { readonly kind: 'hash'; readonly bytes: Uint8Array }

/** What a task comes to: bytes are handed over, not copied. `checksum` is that of encoded bytes, or of those to hash. */
export interface ThreadResult {
  readonly bytes: Uint8Array
  readonly checksum: string
}

const nothing = new Uint8Array()

parentPort?.on('message', async (task: ThreadTask) => {
  try {
    const result = await perform(task)
    const { buffer } = result.bytes
    parentPort?.postMessage({ result }, result.bytes === nothing ? [] : [buffer as ArrayBuffer])
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? error.message : String(error) })
  }
})

async function perform(task: ThreadTask): Promise<ThreadResult> {
  if (task.kind === 'hash') return { bytes: nothing, checksum: hash('sha256', task.bytes, 'hex') }
  if (task.kind === 'encode') {
    const bytes = await encodeStream(task.ipc, task.plan)
    return { bytes, checksum: hash('sha256', bytes, 'hex') }
  }
  const { bytes, rows, columns } = task
  return { bytes: await (columns ? decodeColumns(bytes, rows, columns) : decodeStream(bytes, rows)), checksum: '' }
}
