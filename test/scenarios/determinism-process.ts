// A process of the tests: begins the study of a directory, or goes on with it, until it has 300 trials.
import { once } from 'node:events'
import { join } from 'node:path'
import { sqlite } from 'rxtuna'
import { run, type Setting } from './determinism-run.ts'

const [directory = '', lanes = '', order = '', objective = ''] = process.argv.slice(2)
process.send?.('ready')
await once(process, 'message')
const storage = sqlite(join(directory, 'study.db'))
await run({ lanes: Number(lanes), order: Number(order), objective: objective as NonNullable<Setting['objective']>, storage })
process.disconnect()
