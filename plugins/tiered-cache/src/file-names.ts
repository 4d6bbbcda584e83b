import { hash } from 'node:crypto'
import { type Worker, workerState } from '@rxtuna/core/node'

const pattern = /^[\w-]+\.([0-9a-f]{8})-([0-9a-f]{8})-(\d+)-(\d+)-(\d+)-(\d+)\.\d+\.parquet(\.tmp)?$/

/**
 * Names that no two writers share: each carries whose it is, so that several caches may share a directory, and who wrote it, so that what a dead process
 * left can be told from what is being written. `cache` is the path of the cache's database, as seen from the directory.
 */
export function fileNames(cache: string, worker: Worker): (key: string) => string {
  const owner = `${short(cache)}-${place(worker)}-${worker.pid}-${worker.start || 0}-${worker.thread}-${worker.opened}`
  let count = 0
  return key => `${key}.${owner}.${count++}.parquet`
}

export const temporaryEnding = '.tmp'

/** Under this name a file is written before it is renamed. */
export function temporaryName(name: string): string {
  return name + temporaryEnding
}

/** Of a file in the cache's directory: whether it is half-written, and whether its writer lives, as far as this host can tell. Undefined for one that is not this cache's. */
export function readFileName(
  name: string,
  cache: string,
  reader: Worker
): { readonly temporary: boolean; readonly writer: 'own' | 'alive' | 'dead' | 'unknown' } | undefined {
  const [, owner, at, pid, start, thread, opened, suffix] = pattern.exec(name) ?? []
  if (owner !== short(cache)) return undefined
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
  return short(`${host}\n${boot}`)
}

function short(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 8)
}
