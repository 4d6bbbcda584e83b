export { type SqliteStorageOptions, sqlite } from './sqlite.ts'
export { storageFrom } from './storage-from.ts'
