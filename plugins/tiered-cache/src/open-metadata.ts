import { open, rename, stat } from 'node:fs/promises'
import type { Worker } from '@rxtuna/core/node'
import { openSqlite, type SqliteDatabase } from '@rxtuna/core/sqlite'
import { failure } from './errors.ts'
import { Metadata } from './metadata.ts'
import { checkSound, migrate } from './schema.ts'

export interface MetadataOptions {
  readonly path: string
  readonly worker: Worker
  /** Milliseconds since the epoch. */
  readonly clock: () => number
  /** Told of a damaged database that was set aside. */
  readonly aside: (error: Error) => void
}

/** A database that failed though it looked sound. */
export interface Distrusted {
  readonly inode: number
  readonly error: unknown
}

/**
 * Opens the metadata, making or migrating it. A damaged database is renamed to `<path>.corrupt-<time>` and begun anew, and `aside` is told;
 * one of another program, or of a newer version, rejects and stays as it is. `distrusted` is the inode of one that is damaged, whatever it says.
 */
export async function openMetadata({ path, worker, clock, aside }: MetadataOptions, distrusted?: Distrusted): Promise<Metadata> {
  for (let attempt = 0; ; attempt++) {
    const before = await inode(path)
    let db: SqliteDatabase | undefined
    try {
      if (before !== undefined && before === distrusted?.inode) throw distrusted.error
      db = await openSqlite({ path })
      // A log that is short is written over rather than made longer, which the sync of a new file would have to wait for.
      db.exec('PRAGMA wal_autocheckpoint = 400')
      await migrate(db)
      await checkSound(db)
      return new Metadata(db, worker)
    } catch (error) {
      db?.[Symbol.dispose]()
      if (attempt > 1 || !(await isDamage(error, path))) throw error
      // Another process may have begun it anew in the meantime.
      if ((await inode(path)) !== before) continue
      const target = `${path}.corrupt-${clock()}`
      for (const suffix of ['-wal', '-shm', '']) await rename(path + suffix, target + suffix).catch(ifMissing)
      aside(failure('TIERED_METADATA_CORRUPT', [path, target], error))
    }
  }
}

// What only a database that is not as we made it answers to our statements: its tables, its columns, its rules.
const damage = /^SQLITE_(NOT_A_DATABASE|NOTADB|CORRUPT|ERROR$|MISMATCH|CONSTRAINT_(UNIQUE|PRIMARYKEY|FOREIGNKEY|ROWID))/

/** Whether an error of the database at a path says that the database itself is damaged. */
export async function isDamage(error: unknown, path: string): Promise<boolean> {
  return (error instanceof Error && 'code' in error && damage.test(String(error.code))) || (await hasDamagedHeader(path))
}

/** Whether a file's header says what SQLite does not write: it takes such a file for one that it may only read. */
async function hasDamagedHeader(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0)
    // The versions that it was written with, and may be read with: 1 for a journal, 2 for a log.
    return bytesRead === 20 && ![buffer[18], buffer[19]].every(version => version === 1 || version === 2)
  } catch {
    return false
  }
}

/** The inode of a file; undefined when there is none. */
export async function inode(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined
  )
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
