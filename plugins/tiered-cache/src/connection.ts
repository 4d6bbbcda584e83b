import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { StudyError } from '@rxtuna/core'
import type { Worker } from '@rxtuna/core/node'
import { Catalog } from './catalog.ts'
import { failure, why } from './errors.ts'
import { Leases } from './lease.ts'
import type { Metadata } from './metadata.ts'
import { inode, isDamage, openMetadata } from './open-metadata.ts'

export interface ConnectionOptions {
  /** The database's. */
  readonly path: string
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told when the database is another one than before. */
  readonly begunAnew: () => void
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

  /** Why the database cannot be used; absent while it can. */
  get unusable(): Error | undefined {
    return this.#unusable
  }

  /** Rejects with the failure. */
  async use<T>(work: (opened: Opened) => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      await this.#reopening
      const opened = this.#opened
      if (!opened) throw this.#unusable ?? this.#failure('it is closed')
      try {
        return await work(opened)
      } catch (error) {
        if (error instanceof StudyError && error.code === 'TIERED_DATASET') throw error
        // Closed under the work, by another that met the damage.
        const isAnother = this.#opened !== opened
        if (attempt > 1 || !(isAnother || (await isDamage(error, this.#options.path)))) throw this.#failure(error)
        // What fails again though it looked sound when it was opened is not sound.
        if (!isAnother) await this.#reopen(attempt > 0 && !breaksRule(error) ? error : undefined)
      }
    }
  }

  /** Reports a failure; the answer is undefined then. */
  async try<T>(work: (opened: Opened) => Promise<T>, key?: string): Promise<T | undefined> {
    // What could not be opened was said when it was tried.
    if (!this.#opened && !this.#reopening) return undefined
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

  /** Opens the database again when it is another one by now, because a process has set it aside and begun it anew, or somebody has deleted it. */
  async follow(): Promise<void> {
    const { path, report } = this.#options
    if (!this.#opened) return
    const now = await inode(path)
    if (now === this.#inode) return
    // Without its directory there is nothing to be begun: whoever uses it says so.
    if (now === undefined && (await inode(dirname(path))) === undefined) return
    if (now === undefined) report(failure('TIERED_METADATA_GONE', [path]))
    await this.#reopen()
  }

  /** Looks whether the database is sound, and begins it anew when it is not. */
  recheck(): Promise<void> {
    return this.#reopen()
  }

  close(): void {
    this.#opened?.leases[Symbol.dispose]()
    this.#opened?.metadata[Symbol.dispose]()
    this.#opened = undefined
  }

  async #open(distrusted?: unknown): Promise<void> {
    const { path, worker, clock, report } = this.#options
    try {
      await mkdir(dirname(path), { recursive: true })
      const suspect = distrusted !== undefined && this.#inode !== undefined ? { inode: this.#inode, error: distrusted } : undefined
      const metadata = await openMetadata({ path, worker, clock, aside: report }, suspect)
      this.#opened = { metadata, leases: new Leases({ db: metadata.db, worker, clock }), catalog: new Catalog(metadata.db) }
      this.#inode = await inode(path)
      this.#unusable = undefined
    } catch (error) {
      this.#unusable = this.#failure(error)
      report(this.#unusable)
    }
  }

  #reopen(distrusted?: unknown): Promise<void> {
    this.#reopening ??= (async () => {
      const before = this.#inode
      this.close()
      await this.#open(distrusted)
      this.#reopening = undefined
      if (this.#opened && this.#inode !== before) this.#options.begunAnew()
    })()
    return this.#reopening
  }

  #failure(error: unknown): StudyError {
    if (error instanceof StudyError && error.code.startsWith('TIERED_METADATA')) return error
    return failure('TIERED_METADATA', [this.#options.path, why(error)], error)
  }
}

/** Whether a row broke a rule, which may be the row's fault. */
function breaksRule(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_CONSTRAINT')
}
