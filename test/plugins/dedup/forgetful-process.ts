// A process of the tests: it leaves a study open, with a trial that was never told.
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStudy, int, space } from '@rxtuna/core'
import { dedup, openSqliteGuard } from '@rxtuna/dedup'

const path = join(mkdtempSync(join(tmpdir(), 'rxtuna-forgetful-')), 'guard.db')
const study = await createStudy({ seed: 1, plugins: [dedup({ guard: () => openSqliteGuard({ path }) })] })
const wide = space({ x: int(0, 1_000_000) })
const { complete } = await study.optimize({ space: wide, evaluate: ({ x }) => x }, { trials: 3 })
await study.ask(wide)
console.log(`${complete} evaluated, ${(await study.trials('running')).length} open`)
