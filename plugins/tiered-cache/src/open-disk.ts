import { join, resolve } from 'node:path'
import { directoryTier } from './directory-tier.ts'
import { Disk, type DiskOptions } from './disk.ts'
import type { TieredCacheOptions } from './options.ts'

/** The disk of a cache: a directory of Parquet files, and the metadata in it or elsewhere. */
export function openDisk(
  { directory: path, metadata, coldBytes = 10 * 1024 ** 3, eviction = 'lru' }: TieredCacheOptions,
  own: Pick<DiskOptions, 'worker' | 'clock' | 'report' | 'invalidated'>
): Promise<Disk> {
  const directory = resolve(path)
  return Disk.open({
    directory,
    metadata: resolve(metadata ?? join(directory, 'metadata.db')),
    tier: directoryTier({ directory, ...own }),
    maxBytes: coldBytes,
    eviction,
    ...own
  })
}
