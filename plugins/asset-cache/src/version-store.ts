import { type BigIntStats, closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { threadId } from 'node:worker_threads'
import { LRUCache } from 'lru-cache'
import { problem } from './errors.ts'

/** What tells one state of a file from another without reading it. */
export type FileStamp = Pick<BigIntStats, 'size' | 'mtimeNs' | 'ctimeNs' | 'ino' | 'dev'>
/** What a file held when it had that stamp. */
export interface FileContent {
  readonly stamp: FileStamp
  /** The length in eight bytes, then the SHA-256. */
  readonly digest: Buffer
  readonly sqlite: boolean
}

/** Files that are remembered at most, of each store and in memory. */
export const mostFiles = 10_000
const stores = new Map<string, VersionStore>()

/** The store at that path; one object for one path in this process. */
export function versionStore(path: string): VersionStore {
  if (typeof path !== 'string' || path === '') throw problem('STORE_PATH', path)
  const absolute = resolve(path)
  let store = stores.get(absolute)
  if (!store) {
    store = new VersionStore(absolute)
    stores.set(absolute, store)
  }
  return store
}

/**
 * What was read of files, kept from process to process in a file of one line per reading, the last of a path being the valid one. Processes append to it
 * side by side, each line in one write; a line that is torn or not understood is passed over. It is rewritten when most of its lines are outdated.
 */
export class VersionStore {
  readonly #path: string
  readonly #known = new LRUCache<string, FileContent>({ max: mostFiles })
  #lines = 0

  constructor(path: string) {
    this.#path = path
    for (const line of linesOf(path)) {
      this.#lines++
      const read = parsed(line)
      if (read) this.#known.set(read.file, read.content)
    }
  }

  get(file: string): FileContent | undefined {
    return this.#known.get(resolve(file))
  }

  /** Remembers it, at once in the file too. Throws a sentence with what the file system says. */
  set(file: string, content: FileContent): void {
    const absolute = resolve(file)
    this.#known.set(absolute, content)
    try {
      this.#write(absolute, content)
    } catch (error) {
      throw problem('STORE_FILE', this.#path, (error as Error).message)
    }
  }

  #write(absolute: string, content: FileContent): void {
    if (this.#lines >= Math.max(2 * this.#known.size, 1000)) {
      this.#rewrite()
      return
    }
    mkdirSync(dirname(this.#path), { recursive: true })
    append(this.#path, `${lineOf(absolute, content)}\n`)
    this.#lines++
  }

  /** What another process appends meanwhile is lost, and read again by whoever needs it. */
  #rewrite(): void {
    const temporary = `${this.#path}.${process.pid}.${threadId}.new`
    rmSync(temporary, { force: true })
    let text = ''
    this.#known.rforEach((content, file) => {
      text += `${lineOf(file, content)}\n`
    })
    append(temporary, text)
    renameSync(temporary, this.#path)
    this.#lines = this.#known.size
  }
}

function append(path: string, text: string): void {
  const file = openSync(path, 'a')
  try {
    writeSync(file, text)
  } finally {
    closeSync(file)
  }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter(line => line !== '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw problem('STORE_FILE', path, (error as Error).message)
  }
}

function lineOf(file: string, { stamp, digest, sqlite }: FileContent): string {
  const { size, mtimeNs, ctimeNs, ino, dev } = stamp
  return JSON.stringify([file, `${size}`, `${mtimeNs}`, `${ctimeNs}`, `${ino}`, `${dev}`, digest.toString('hex'), sqlite ? 1 : 0])
}

function parsed(line: string): { readonly file: string; readonly content: FileContent } | undefined {
  try {
    const [file, size, mtimeNs, ctimeNs, ino, dev, digest, sqlite] = JSON.parse(line)
    const stamp = { size: BigInt(size), mtimeNs: BigInt(mtimeNs), ctimeNs: BigInt(ctimeNs), ino: BigInt(ino), dev: BigInt(dev) }
    const bytes = Buffer.from(digest, 'hex')
    return typeof file === 'string' && bytes.length === 40 ? { file, content: { stamp, digest: bytes, sqlite: sqlite === 1 } } : undefined
  } catch {
    return undefined
  }
}
