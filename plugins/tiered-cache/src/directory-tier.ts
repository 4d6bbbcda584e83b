import type { BigIntStats } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Worker } from '@rxtuna/core/node'
import type { ColdObject, ColdTier } from './cold-tier.ts'
import { fileNames, readFileName, temporaryName } from './file-names.ts'
import { largeBytes } from './shared-bytes.ts'

export interface DirectoryOptions {
  readonly directory: string
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
}

// A file whose writer lives, or runs on another host, is somebody's work until it is this old.
const abandonedMs = 3_600_000
// A change within one tick of the file system's clock leaves mtime as it was, so of a file that is this young nobody can say whether it changed.
const racyMs = 2_000
const atOnce = 64
// What one read may ask for is bounded by the system.
const mostAtOnce = 1024 ** 3

/** Parquet files in one directory, which must exist. A file is written beside its name, synced and renamed; then the directory is synced. */
export function directoryTier({ directory, worker, clock }: DirectoryOptions): ColdTier {
  const nextName = fileNames(worker)

  const write = async (key: string, bytes: Uint8Array): Promise<string> => {
    const name = nextName(key)
    const temporary = join(directory, temporaryName(name))
    try {
      const file = await open(temporary, 'wx')
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      // Rename is atomic, so a reader sees the whole file or none.
      await rename(temporary, join(directory, name))
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    }
    try {
      await syncDirectory(directory)
    } catch (error) {
      await rm(join(directory, name), { force: true }).catch(() => {})
      throw error
    }
    return name
  }

  const read = async (name: string): Promise<ColdObject | undefined> => {
    if (name !== basename(name)) return undefined
    try {
      await using file = await open(join(directory, name))
      const found = await file.stat({ bigint: true })
      if (!found.isFile()) return undefined
      const bytes = await readWhole(file, Number(found.size))
      const young = clock() - Number(found.mtimeMs) <= racyMs
      return young || bytes.length !== Number(found.size) ? { bytes } : { bytes, version: versionOf(found) }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  }

  const remove = async (names: readonly string[]): Promise<void> => {
    for (let i = 0; i < names.length; i += atOnce) {
      const part = names.slice(i, i + atOnce).filter(name => name === basename(name))
      await Promise.all(part.map(name => rm(join(directory, name), { force: true })))
    }
  }

  const collect = async (known: () => Promise<ReadonlySet<string>>): Promise<number> => {
    const files = (await readdir(directory)).flatMap(name => {
      const read = readFileName(name, worker)
      return read ? [{ name, ...read }] : []
    })
    if (files.length === 0) return 0
    const kept = await known()
    const dead: string[] = []
    for (const { name, temporary, writer } of files) {
      if (!temporary && kept.has(name)) continue
      if (writer === 'dead' || (await age(join(directory, name), clock())) > abandonedMs) dead.push(name)
    }
    await remove(dead)
    return dead.length
  }

  return { write, read, remove, collect }
}

async function readWhole(file: FileHandle, size: number): Promise<Uint8Array> {
  if (size < largeBytes) return file.readFile()
  const bytes = new Uint8Array(new SharedArrayBuffer(size))
  let at = 0
  while (at < size) {
    const { bytesRead } = await file.read(bytes, at, Math.min(size - at, mostAtOnce))
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
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

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory, and syncs renames by itself.
  if (process.platform === 'win32') return
  await using directory = await open(path)
  await directory.sync()
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
