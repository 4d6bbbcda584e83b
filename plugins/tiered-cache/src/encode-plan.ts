/** How a file of the cache is compressed. */
export type Compression = 'snappy' | 'zstd'

/** How a table is encoded. In a file of its own, so that who sees these types needs none of the library's. */
export interface EncodePlan {
  readonly compression: Compression
  /** Names of columns of distinct numbers, which gain nothing from a dictionary; building one costs most of the time. */
  readonly plain: readonly string[]
}
