import { rename, stat } from 'node:fs/promises'
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

/**
 * Opens the metadata, making or migrating it. A damaged database is renamed to `<path>.corrupt-<time>` and begun anew, and `aside` is told;
 * one of another program, or of a newer version, rejects and stays as it is.
 */
export async function openMetadata({ path, worker, clock, aside }: MetadataOptions): Promise<Metadata> {
  for (let attempt = 0; ; attempt++) {
    const before = await inode(path)
    let db: SqliteDatabase | undefined
    try {
      db = await openSqlite({ path })
      await migrate(db)
      checkSound(db)
      return new Metadata(db, worker)
    } catch (error) {
      db?.[Symbol.dispose]()
      if (!isDamage(error) || attempt > 1) throw error
      // Another process may have begun it anew in the meantime.
      if ((await inode(path)) !== before) continue
      const target = `${path}.corrupt-${clock()}`
      for (const suffix of ['-wal', '-shm', '']) await rename(path + suffix, target + suffix).catch(ifMissing)
      aside(failure('TIERED_METADATA_CORRUPT', [path, target], error))
    }
  }
}

// What only a database that is not as we made it answers to our statements: its tables, its columns, its rules.
const damage = /^SQLITE_(NOT_A_DATABASE|NOTADB|CORRUPT|ERROR$|MISMATCH|CONSTRAINT_(UNIQUE|PRIMARYKEY|FOREIGNKEY|NOTNULL|ROWID))/

/** Whether an error says that the database itself is damaged. */
export function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && damage.test(String(error.code))
}

async function inode(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.ino,
    () => undefined
  )
}

function ifMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
