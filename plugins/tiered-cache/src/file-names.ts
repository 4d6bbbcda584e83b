import { hash } from 'node:crypto'
import { type Worker, workerState } from '@rxtuna/core/node'

const pattern = /^[\w-]+\.([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(\d+)\.\d+\.parquet(\.tmp)?$/

/** Names that no two writers share: each carries who wrote it, so that what a dead process left can be told from what is being written. */
export function fileNames(worker: Worker): (key: string) => string {
  const owner = `${place(worker)}-${worker.pid}-${worker.start || 0}-${worker.thread}-${worker.opened}`
  let count = 0
  return key => `${key}.${owner}.${count++}.parquet`
}

export const temporaryEnding = '.tmp'

/** Under this name a file is written before it is renamed. */
export function temporaryName(name: string): string {
  return name + temporaryEnding
}

/** Of a file in the cache's directory: whether it is a cache's, half-written, and whether its writer lives, as far as this host can tell. */
export function readFileName(
  name: string,
  reader: Worker
): { readonly temporary: boolean; readonly writer: 'own' | 'alive' | 'dead' | 'unknown' } | undefined {
  const [, at, pid, start, thread, opened, suffix] = pattern.exec(name) ?? []
  if (at === undefined) return undefined
  const temporary = suffix !== undefined
  if (at !== place(reader)) return { temporary, writer: 'unknown' }
  const writer: Worker = {
    ...reader,
    pid: Number(pid),
    start: start === undefined || start === '0' ? '' : start,
    thread: Number(thread),
    opened: Number(opened)
  }
  const isOwn =
    writer.pid === reader.pid && writer.start === reader.start && writer.thread === reader.thread && writer.opened === reader.opened
  return { temporary, writer: isOwn ? 'own' : workerState(writer) }
}

function place({ host, boot }: Worker): string {
  return hash('sha256', `${host}\n${boot}`, 'hex').slice(0, 8)
}
