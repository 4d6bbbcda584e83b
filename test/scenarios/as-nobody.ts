// Loaded before a program: from the first directory that it makes on, it has the rights of nobody in particular.
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { openSqlite } from '@rxtuna/core/sqlite'

// What has to be loaded is loaded before the rights are given up, from where the program loads it: the repository may be closed to others.
const loaded = await openSqlite({ path: ':memory:' })
loaded[Symbol.dispose]()
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
