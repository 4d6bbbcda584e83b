import { createHash, hash } from 'node:crypto'
import { statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { LRUCache } from 'lru-cache'
import { problem } from './errors.ts'
import { type FileContent, type FileStamp, mostFiles, type VersionStore, versionStore } from './version-store.ts'

export interface FileVersionOptions {
  /** A file in which what was read is remembered for other processes; made with its directories. Default: only this process remembers. */
  readonly store?: string
}

const remembered = new LRUCache<string, FileContent>({ max: mostFiles })
const reading = new Map<string, Promise<FileContent>>()
const attempts = 3
let filesRead = 0
const sqliteHeader = Buffer.from('SQLite format 3\0', 'latin1')

/**
 * SHA-256, in hexadecimal, of the files' content in this order; their names do not count. A file is read again only when its size, mtime, ctime (in ns) or
 * inode changed since it was last read, by this process or, with a `store`, by any that has the same one; so asking again costs a stat per file. For a
 * SQLite database its `-wal` counts too, if there is one. Rejects with a sentence when a path is missing or no file, and when the store cannot be written.
 */
export async function fileVersion(paths: readonly string[], { store: storePath }: FileVersionOptions = {}): Promise<string> {
  if (!Array.isArray(paths) || !paths.every(path => typeof path === 'string')) throw problem('FILES_SHAPE', paths)
  if (paths.length === 0) throw problem('FILES_NONE')
  const store = storePath === undefined ? undefined : versionStore(storePath)
  for (let attempt = 1; ; attempt++) {
    const read = filesRead
    const state = await stateOf(paths, store)
    // One file may change while another is read: what was seen together must be there together.
    const isStill =
      filesRead === read ||
      state.seen.every(({ path, stamp }) => {
        const now = statSync(path, { bigint: true, throwIfNoEntry: false })
        return stamp === undefined ? now === undefined : now !== undefined && same(stamp, now)
      })
    if (isStill || attempt === attempts) return state.version
  }
}

/** The version, and the state of each file, of logs too, when it was seen. */
async function stateOf(
  paths: readonly string[],
  store: VersionStore | undefined
): Promise<{ readonly version: string; readonly seen: readonly { readonly path: string; readonly stamp: FileStamp | undefined }[] }> {
  const parts: Buffer[] = []
  const seen: { readonly path: string; readonly stamp: FileStamp | undefined }[] = []
  for (const path of paths) {
    const content = (await contentOf(path, store)) ?? missing(path)
    seen.push({ path, stamp: content.stamp })
    const wal = content.sqlite ? await contentOf(`${path}-wal`, store) : undefined
    if (content.sqlite) seen.push({ path: `${path}-wal`, stamp: wal?.stamp })
    // An empty log is the same as none: SQLite leaves one or the other behind.
    const logged = wal && wal.stamp.size > 0n ? wal : undefined
    parts.push(content.digest, Buffer.of(logged ? 1 : 0))
    if (logged) parts.push(logged.digest)
  }
  return { version: hash('sha256', Buffer.concat(parts), 'hex'), seen }
}

function missing(path: string): never {
  throw problem('FILE_MISSING', path)
}

/** What a file holds, or undefined when there is none. A file that changes while it is read is read again, a few times. */
async function contentOf(path: string, store: VersionStore | undefined): Promise<FileContent | undefined> {
  for (let attempt = 1; ; attempt++) {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (!stat) return undefined
    if (!stat.isFile()) throw problem('FILE_KIND', path)
    const known = remembered.get(path)
    if (known && same(known.stamp, stat)) return kept(store, path, known)
    const stored = store?.get(path)
    if (stored && same(stored.stamp, stat)) {
      remembered.set(path, stored)
      return stored
    }
    let read = reading.get(path)
    if (!read) {
      read = readContent(path).finally(() => reading.delete(path))
      reading.set(path, read)
    }
    const content = await read
    // A caller that joined an earlier reading takes it only if the file has not changed since.
    if (same(content.stamp, stat) || attempt === attempts) return remembered.has(path) ? kept(store, path, content) : content
  }
}

/** Remembered in the store too, if it is not yet. */
function kept(store: VersionStore | undefined, path: string, content: FileContent): FileContent {
  const stored = store?.get(path)
  if (store && !(stored && same(stored.stamp, content.stamp))) store.set(path, content)
  return content
}

async function readContent(path: string): Promise<FileContent> {
  filesRead++
  await using file = await open(path)
  const before = await file.stat({ bigint: true })
  const { length, sha, sqlite } = await digest(file)
  const stat = await file.stat({ bigint: true })
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64BE(length)
  const content: FileContent = { stamp: stat, digest: Buffer.concat([prefix, sha]), sqlite }
  if (same(before, stat) && settled(stat)) remembered.set(path, content)
  else remembered.delete(path)
  return content
}

async function digest(file: FileHandle): Promise<{ length: bigint; sha: Buffer; sqlite: boolean }> {
  const sha = createHash('sha256')
  const chunk = Buffer.allocUnsafe(1 << 20)
  let length = 0
  let sqlite = false
  for (;;) {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, length)
    if (bytesRead === 0) break
    const bytes = chunk.subarray(0, bytesRead)
    if (length === 0) sqlite = bytes.subarray(0, sqliteHeader.length).equals(sqliteHeader)
    sha.update(bytes)
    length += bytesRead
  }
  return { length: BigInt(length), sha: sha.digest(), sqlite }
}

function same(a: FileStamp, b: FileStamp): boolean {
  return a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino && a.dev === b.dev
}

/**
 * Whether a later write would show in the times. A file system's clock moves in ticks, some in whole seconds: a file that was changed within the
 * present tick could change again without a trace, so what was read of it is not remembered.
 */
function settled({ ctimeNs: changed }: FileStamp): boolean {
  const tickMs = changed % 1_000_000_000n === 0n ? 2000 : 20
  return Date.now() - Number(changed / 1_000_000n) > tickMs
}
