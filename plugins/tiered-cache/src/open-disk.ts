import { mkdir } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import type { Worker } from '@rxtuna/core/node'
import { Codec } from './codec.ts'
import { Connection } from './connection.ts'
import { directoryTier } from './directory-tier.ts'
import { Disk, type DiskOptions } from './disk.ts'
import type { TieredCacheOptions } from './options.ts'

type Own = Pick<DiskOptions, 'clock' | 'report' | 'evicted' | 'invalidated'> & { readonly worker: Worker }

/** The disk of a cache: a directory of Parquet files, and the metadata in it or elsewhere; tidied up. What cannot be used is reported. */
export async function openDisk(options: TieredCacheOptions, own: Own): Promise<Disk> {
  const { coldBytes = 10 * 1024 ** 3, eviction = 'lru', checksums = 'always', compression = 'snappy' } = options
  const directory = resolve(options.directory)
  let disk: Disk | undefined
  // If it cannot be made, whoever uses it first says so.
  await mkdir(directory, { recursive: true }).catch(() => {})
  const path = resolve(options.metadata ?? join(directory, 'metadata.db'))
  const connection = await Connection.open({ path, begunAnew: () => disk?.tidySoon(), ...own })
  const tier = options.coldTier ?? directoryTier({ directory, cache: relative(directory, path), ...own })
  disk = new Disk({ tier, codec: new Codec(compression, own.report), connection, maxBytes: coldBytes, eviction, checksums, ...own })
  await disk.tidy()
  return disk
}
