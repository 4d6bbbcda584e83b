// Loaded before a program: from the first directory that it makes on, it has the rights of nobody in particular.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import Database from 'better-sqlite3'

// What has to be loaded is loaded before the rights are given up: the repository may be closed to others.
await import('kysely')
new Database(':memory:').close()
const { mkdir } = fs
fs.mkdir = ((...of: Parameters<typeof mkdir>) => {
  fs.mkdir = mkdir
  syncBuiltinESMExports()
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(65534)
    process.setuid?.(65534)
  }
  return mkdir(...of)
}) as typeof mkdir
syncBuiltinESMExports()
