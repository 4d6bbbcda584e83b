import type { Generated } from 'kysely'

/** The tables of the metadata, for the query builder. Times are Unix seconds, with fractions. */
export interface CacheTables {
  readonly datasets: {
    readonly dataset_id: Generated<number>
    readonly source: string
    readonly resolution: string
    readonly schema_version: Generated<number>
    readonly created_at: number
    readonly updated_at: number
  }
  readonly cache_entries: {
    readonly cache_key: string
    readonly dataset_id: number
    /** Relative to the cache's directory. */
    readonly parquet_path: string
    /** SHA-256 of the file, in hexadecimal. */
    readonly checksum: string
    /** When its load began, or when it was put. */
    readonly created_at: number
    readonly last_accessed: number
    readonly access_count: Generated<number>
    readonly size_bytes: number
    /** The canonical text of what was asked for. */
    readonly request: string
    readonly row_count: number
    /** Milliseconds that its source took; null for what was put. */
    readonly load_ms: number | null
    /** SHA-256 of what must be right in this row, in hexadecimal; null in rows of the first version. */
    readonly seal: string | null
  }
  readonly backtest_cache_links: {
    readonly id: Generated<number>
    readonly backtest_id: string
    readonly cache_key: string
    readonly linked_at: number
  }
  readonly cache_statistics: {
    readonly id: Generated<number>
    /** The midnight (UTC) that began the day. */
    readonly stat_date: number
    readonly hit_count: Generated<number>
    readonly miss_count: Generated<number>
    readonly total_size_mb: Generated<number>
  }
  /** One row, which triggers keep: how many entries there are, and how large they are together. */
  readonly cache_totals: { readonly id: number; readonly entries: number; readonly size_bytes: number }
  /** Who loads a key now. */
  readonly leases: { readonly cache_key: string; readonly worker: string; readonly renewed_at: number }
  /** Bytes that a worker may write before they count as an entry's. */
  readonly rooms: { readonly worker: string; readonly size_bytes: number; readonly renewed_at: number }
}
