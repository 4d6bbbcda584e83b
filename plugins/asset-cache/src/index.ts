export {
  type AssetBundle,
  type AssetCache,
  type AssetCacheOptions,
  type AssetFilter,
  type AssetsOptions,
  openAssetCache
} from './asset-cache.ts'
export { type BundleLease, type BundlePool, type BundlePoolOptions, openBundlePool } from './bundle-pool.ts'
export { bundleVersion, compareVersions, type VersionPart } from './bundle-version.ts'
export { type FileVersionOptions, fileVersion } from './file-version.ts'
export { type AssetCachePluginOptions, assetCache } from './plugin.ts'
