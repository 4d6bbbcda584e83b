import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sqlite } from 'rxtuna'
import { type RandomStream, randomStream } from '../../core/src/random-stream.ts'
import { type Repeatable, run, type Setting } from './determinism-run.ts'
import type { Moment } from './die-at.ts'
import { temporaryDirectory } from './program.ts'

/** Decides where runs are stopped and killed. */
export const cutSeed = Number(process.env.RXTUNA_TEST_SEED ?? Date.now() % 1_000_000_000)
export function cuts(purpose: string): RandomStream {
  return randomStream(cutSeed, 0, 0, purpose)
}

/** Begins a study in a file, has it killed at each of the moments, one process after another, and goes on with it to its end. */
export async function killed(
  { lanes, order, objective = 'two-phase' }: Setting,
  moments: readonly (Moment | { readonly afterMs: number })[]
): Promise<readonly Repeatable[]> {
  using directory = temporaryDirectory()
  const isExact = moments.every(moment => 'at' in moment)
  for (const [index, moment] of moments.entries()) {
    const inside = 'at' in moment
    const preload = inside ? ['--import', new URL('./die-at.ts', import.meta.url).href] : []
    const script = fileURLToPath(new URL('./determinism-process.ts', import.meta.url))
    const child = spawn(
      process.execPath,
      ['--conditions=@rxtuna/source', ...preload, script, directory.path, `${lanes}`, `${order + index}`, objective],
      {
        env: { ...process.env, ...(inside ? { RXTUNA_TEST_DIE_AT: JSON.stringify(moment) } : {}) },
        stdio: ['ignore', 'ignore', 'inherit', 'ipc']
      }
    )
    const closed = once(child, 'close')
    await once(child, 'message')
    child.send('go')
    const timer = inside ? undefined : setTimeout(() => child.kill('SIGKILL'), moment.afterMs)
    const [code, signal] = await closed
    clearTimeout(timer)
    // One that is killed from outside may have come to its end, and then those after it have nothing to do.
    if (signal !== 'SIGKILL' && (isExact || code !== 0)) throw new Error(`Expected the process to be killed, got ${signal ?? code}.`)
  }
  return await run({ lanes, objective, order: order + moments.length, storage: sqlite(join(directory.path, 'study.db')) })
}
