export type { BacktestLink, CacheEntry, DayStatistics, RegisteredDataset } from './catalog.ts'
export type { ColdObject, ColdTier } from './cold-tier.ts'
export type { Dataset } from './datasets.ts'
export type { Compression } from './encode-plan.ts'
export type { Eviction } from './eviction.ts'
export { type Freshness, freshness, type MarketCalendar, type MarketSession } from './freshness.ts'
export type { TableRequest } from './key.ts'
export type { ClearWhat } from './metadata.ts'
export type { Limits, TieredCacheOptions } from './options.ts'
export { decodeParquet, encodeParquet } from './parquet.ts'
export { tieredCache } from './plugin.ts'
export { type Columns, type Loaded, type NumberArray, toColumns } from './table.ts'
export {
  type CacheStatistics,
  type GetOptions,
  openTieredCache,
  type TableLink,
  type TieredCache,
  type TieredCacheStats,
  type VerifyOptions
} from './tiered-cache.ts'
export type { Link } from './uses.ts'
export type { Verified } from './verify.ts'
export type { Warmed, WarmOptions } from './warm.ts'
