import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StudyStorage } from '@rxtuna/core'
import { storageSuite } from '@rxtuna/core/testing'
import { sqlite } from '@rxtuna/rdb-storage'

describe('sqlite()', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-sqlite-'))
  after(() => rmSync(directory, { recursive: true }))

  let files = 0
  const paths = new WeakMap<StudyStorage, string>()
  const open = async (): Promise<StudyStorage> => {
    const path = join(directory, `${files++}.db`)
    const storage = await sqlite(path)()
    paths.set(storage, path)
    return storage
  }
  storageSuite('on a file', open, { second: async storage => sqlite(paths.get(storage) ?? '')() })
  storageSuite('in memory', sqlite(':memory:'))
})
