// Preloaded: kills its process just before or just after the rename of a table's file.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const moment = process.env.RXTUNA_KILL
const rename = fs.renameSync
fs.renameSync = (from, to) => {
  const aimed = String(to).endsWith('.parquet')
  if (aimed && moment === 'before') process.kill(process.pid, 'SIGKILL')
  rename(from, to)
  if (aimed && moment === 'after') process.kill(process.pid, 'SIGKILL')
}
syncBuiltinESMExports()
