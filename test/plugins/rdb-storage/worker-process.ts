// A process of the tests: it works on a study until it is done or killed, and prints every number whose call has resolved.
import { StudyError, type StudyStorage, type TrialRecord } from '@rxtuna/core'
import { sqlite } from '@rxtuna/rdb-storage'

const [mode = '', path = '', count = '0'] = process.argv.slice(2)
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const told = (): Promise<void> => new Promise(resolve => process.stdin.once('data', () => resolve()))

async function work(storage: StudyStorage): Promise<never> {
  for (;;) {
    const x = Math.random()
    const trial = (await storage.take('study')) ?? (await storage.create('study', running(x)))
    if (!trial) throw new Error('Expected a trial.')
    say(`started ${trial.number}`)
    await storage.update('study', trial.number, { reports: [{ step: 0, value: x }], attributes: { halfway: true } })
    await finish(storage, trial)
  }
}

async function createMany(storage: StudyStorage): Promise<void> {
  await told()
  let next = 0
  for (let made = 0; made < Number(count); made++) {
    // As the core does it: at the number it expects, and where that was lost, without one.
    const trial = (await storage.create('study', running(made), next)) ?? (await storage.create('study', running(made)))
    if (!trial) throw new Error('Expected a trial.')
    next = trial.number + 1
    await finish(storage, trial)
  }
}

async function openAsNobody(): Promise<void> {
  // What has to be loaded is loaded before the rights are given up.
  await using _loaded = await sqlite(':memory:')()
  if (process.getuid?.() === 0) {
    process.setgroups?.([])
    process.setgid?.(65534)
    process.setuid?.(65534)
  }
  try {
    await using storage = await sqlite(path)()
    await storage.open({ name: 'study', directions: ['minimize'] }, 'load')
    say(JSON.stringify({ code: 'OPENED' }))
  } catch (error) {
    say(JSON.stringify(error instanceof StudyError ? { code: error.code, message: error.message } : { code: String(error) }))
  }
}

function running(x: number) {
  return { state: 'running' as const, params: { x }, distributions: { x: { kind: 'float' as const, low: 0, high: 1000 } } }
}

async function finish(storage: StudyStorage, { number, params }: TrialRecord): Promise<void> {
  const value = Number(params.x)
  await storage.finish('study', number, { outcome: { state: 'complete', value: [value] } })
  say(`finished ${number} ${value}`)
}

if (mode === 'nobody') await openAsNobody()
else {
  await using storage = await sqlite(path)()
  await storage.open({ name: 'study', directions: ['minimize'] }, 'load')
  say('ready')
  if (mode === 'work') await work(storage)
  else if (mode === 'create') await createMany(storage)
  else if (mode === 'hold') {
    for (let held = 0; held < Number(count); held++) await storage.create('study', running(held))
    say('holding')
    await told()
  }
}
