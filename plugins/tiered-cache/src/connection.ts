import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StudyError } from '@rxtuna/core'
import type { Worker } from '@rxtuna/core/node'
import { Catalog } from './catalog.ts'
import { failure, why } from './errors.ts'
import { Leases } from './lease.ts'
import type { Metadata } from './metadata.ts'
import { isDamage, openMetadata } from './open-metadata.ts'

export interface ConnectionOptions {
  /** The database's. */
  readonly path: string
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told of each failure that was worked around. */
  readonly report: (error: Error, key?: string) => void
}

/** The database, from three sides. */
export interface Opened {
  readonly metadata: Metadata
  readonly leases: Leases
  readonly catalog: Catalog
}

/** The metadata database as long as it can be used. One that is damaged, or that another process has set aside, is begun anew, and work on it is done again. */
export class Connection {
  readonly #options: ConnectionOptions
  #opened: Opened | undefined
  #inode: number | undefined
  #unusable: Error | undefined
  #reopening: Promise<void> | undefined

  private constructor(options: ConnectionOptions) {
    this.#options = options
  }

  /** Makes the directory, and opens the database. One that cannot be used is reported. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options)
    await connection.#open()
    return connection
  }

  /** Rejects with the failure. */
  async use<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      if (!this.#opened) throw this.#unusable ?? this.#failure('it is closed')
      try {
        return await work(this.#opened)
      } catch (error) {
        if (error instanceof StudyError && error.code === 'TIERED_DATASET') throw error
        if (!isDamage(error) || attempt > 0) throw this.#failure(error)
        await this.#reopen()
      }
    }
  }

  /** Reports a failure; the answer is undefined then. */
  async try<T>(work: (opened: Opened) => Promise<T>, key?: string): Promise<T | undefined> {
    // What could not be opened was said when it was tried.
    if (!this.#opened) return undefined
    try {
      return await this.use(work)
    } catch (error) {
      this.#options.report(this.#failure(error), key)
      return undefined
    }
  }

  /** At once; undefined when it cannot be had. */
  peek<T>(read: (opened: Opened) => T): T | undefined {
    try {
      return this.#opened && read(this.#opened)
    } catch {
      // Whoever reads or writes next says what is wrong.
      return undefined
    }
  }

  /** Follows when another process has set the database aside and begun it anew. */
  async follow(): Promise<void> {
    if (!this.#opened) return
    const now = await inode(this.#options.path)
    if (now !== undefined && now !== this.#inode) await this.#reopen()
  }

  close(): void {
    this.#opened?.leases[Symbol.dispose]()
    this.#opened?.metadata[Symbol.dispose]()
    this.#opened = undefined
  }

  async #open(): Promise<void> {
    const { path, worker, clock, report } = this.#options
    try {
      await mkdir(dirname(path), { recursive: true })
      const metadata = await openMetadata({ path, worker, clock, aside: report })
      this.#opened = { metadata, leases: new Leases({ db: metadata.db, worker, clock }), catalog: new Catalog(metadata.db) }
      this.#inode = await inode(path)
      this.#unusable = undefined
    } catch (error) {
      this.#unusable = this.#failure(error)
      report(this.#unusable)
    }
  }

  #reopen(): Promise<void> {
    this.#reopening ??= (async () => {
      this.close()
      await this.#open()
      this.#reopening = undefined
    })()
    return this.#reopening
  }

  #failure(error: unknown): StudyError {
    if (error instanceof StudyError && error.code.startsWith('TIERED_METADATA')) return error
    return failure('TIERED_METADATA', [this.#options.path, why(error)], error)
  }
}

async function inode(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined
  )
}
