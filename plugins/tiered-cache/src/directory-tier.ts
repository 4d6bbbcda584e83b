import {
  type BigIntStats,
  close,
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  read as readCallback,
  readSync,
  renameSync,
  unlinkSync,
  write as writeCallback,
  writeSync
} from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Worker } from '@rxtuna/core/node'
import type { ColdObject, ColdTier } from './cold-tier.ts'
import { fileNames, readFileName, temporaryEnding, temporaryName } from './file-names.ts'
import { largeBytes } from './shared-bytes.ts'

export interface DirectoryOptions {
  readonly directory: string
  /** The path of the database that knows the files, as seen from the directory. */
  readonly cache: string
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

// A file whose writer lives, or runs on another host, is somebody's work until it is this old.
const abandonedMs = 3_600_000
// A change within one tick of the file system's clock leaves mtime as it was, so of a file that is this young nobody can say whether it changed.
const racyMs = 2_000
const atOnce = 64
const mostClosing = 512
const quickMs = 1
// What takes less than a tenth of a millisecond.
const smallBytes = 256 * 1024
// What one read may ask for is bounded by the system.
const mostAtOnce = 1024 ** 3

const readAsync = promisify(readCallback)
const writeAsync = promisify(writeCallback)
const syncAsync = promisify(fdatasync)

/** Parquet files in one directory, which must exist. A file is written beside its name, synced and renamed. */
export function directoryTier({ directory, cache, worker, clock }: DirectoryOptions): ColdTier {
  const nextName = fileNames(cache, worker)
  const writing = new Set<string>()

  let closing = 0
  /** Takes a name away. What the system does then to free the file takes several times as long, and is left to another thread, which closes it. */
  const removeName = (path: string): void => {
    const file = opened(path)
    try {
      unlinkSync(path)
    } finally {
      if (file !== undefined) {
        closing++
        close(file, () => closing--)
      }
    }
  }

  let syncMs = Number.POSITIVE_INFINITY
  /** On another thread, unless nobody else writes and the disk has been so quick of late that the trip there would take as long. */
  const sync = async (file: number, size: number): Promise<void> => {
    const start = performance.now()
    if (writing.size === 1 && size < smallBytes && syncMs < quickMs) fdatasyncSync(file)
    else await syncAsync(file)
    if (size < smallBytes) syncMs = performance.now() - start
  }

  const write = async (key: string, bytes: Uint8Array): Promise<string> => {
    const name = nextName(key)
    const temporary = join(directory, temporaryName(name))
    writing.add(name)
    try {
      await writeSynced(temporary, bytes, sync)
      // Rename is atomic, so a reader sees the whole file or none. The directory is not synced: after a power failure a name may be missing, as may
      // its row, and then the table is loaded again.
      renameSync(temporary, join(directory, name))
      return name
    } catch (error) {
      await remove([basename(temporary)]).catch(() => {})
      throw error
    } finally {
      writing.delete(name)
    }
  }

  const read = async (name: string): Promise<ColdObject | undefined> => {
    if (name !== basename(name)) return undefined
    let file: number
    try {
      file = openSync(join(directory, name), 'r')
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
    try {
      const found = fstatSync(file, { bigint: true })
      if (!found.isFile()) return undefined
      const bytes = await readWhole(file, Number(found.size))
      const young = clock() - Number(found.mtimeMs) <= racyMs
      return young || bytes.length !== Number(found.size) ? { bytes } : { bytes, version: versionOf(found) }
    } finally {
      closeSync(file)
    }
  }

  const remove = async (names: readonly string[]): Promise<void> => {
    const paths = names.filter(name => name === basename(name)).map(name => join(directory, name))
    const failed: unknown[] = []
    for (const [index, path] of paths.entries()) {
      try {
        removeName(path)
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') failed.push(error)
      }
      // In turns, so that the event loop stays free; and no more files are open than a process may have.
      if (index % atOnce === atOnce - 1) await setImmediate()
      while (closing > mostClosing) await setImmediate()
    }
    if (failed.length > 0) throw failed[0]
  }

  const collect = async (known: () => Promise<ReadonlySet<string>>): Promise<number> => {
    const files = (await readdir(directory, { withFileTypes: true })).flatMap(entry => {
      const { name } = entry
      const read = entry.isFile() ? readFileName(name, cache, worker) : undefined
      return read ? [{ name, ...read }] : []
    })
    if (files.length === 0) return 0
    const kept = await known()
    const dead: string[] = []
    for (const { name, temporary, writer } of files) {
      if (!temporary && kept.has(name)) continue
      const isLeft = writer === 'own' ? !writing.has(temporary ? name.slice(0, -temporaryEnding.length) : name) : writer === 'dead'
      if (isLeft || (await age(join(directory, name), clock())) > abandonedMs) dead.push(name)
    }
    await remove(dead)
    return dead.length
  }

  return { write, read, remove, collect }
}

/** Small files are read at once, as the database is, because a trip to another thread takes longer. */
async function readWhole(file: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size < largeBytes ? new ArrayBuffer(size) : new SharedArrayBuffer(size))
  let at = 0
  while (at < size) {
    const length = Math.min(size - at, mostAtOnce)
    const read = size < smallBytes ? readSync(file, bytes, at, length, at) : await readInThread(file, bytes, at, length, at)
    if (read === 0) break
    at += read
  }
  return bytes.subarray(0, at)
}

async function readInThread(...args: [number, Uint8Array, number, number, number]): Promise<number> {
  return (await readAsync(...args)).bytesRead
}

/** Writes a new file, and waits until the disk has it. */
async function writeSynced(path: string, bytes: Uint8Array, sync: (file: number, size: number) => Promise<void>): Promise<void> {
  const file = openSync(path, 'wx')
  try {
    let at = 0
    while (at < bytes.length) {
      const length = Math.min(bytes.length - at, mostAtOnce)
      at += bytes.length < smallBytes ? writeSync(file, bytes, at, length) : (await writeAsync(file, bytes, at, length)).bytesWritten
    }
    await sync(file, bytes.length)
  } finally {
    closeSync(file)
  }
}

/** Undefined for a file that cannot be read, and on Windows, which keeps the name of a file that is open. */
function opened(path: string): number | undefined {
  try {
    return process.platform === 'win32' ? undefined : openSync(path, 'r')
  } catch {
    return undefined
  }
}

function versionOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}-${ino}`
}

async function age(path: string, now: number): Promise<number> {
  try {
    return now - (await stat(path)).mtimeMs
  } catch (error) {
    // Its writer renamed or removed it since it was listed.
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
