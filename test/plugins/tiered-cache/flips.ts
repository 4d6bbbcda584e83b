import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSqlite } from '@rxtuna/core/sqlite'
import { openTieredCache, type TieredCache } from '@rxtuna/tiered-cache'
import type { Table } from 'apache-arrow'
import { randomStream } from '../../../core/src/random-stream.ts'
import { type Damage, damage } from './damage.ts'
import { bars, daily } from './workspace.ts'

/** A case that did not go as it should: what was damaged, when, and what was wrong with the answers. */
export interface Broken {
  readonly number: number
  readonly when: 'closed' | 'killed' | 'open'
  readonly damages: readonly Damage[]
  readonly wrong: readonly string[]
  readonly codes: readonly string[]
}

const entries = 8
const rows = 40
const requests = Array.from({ length: entries }, (_, i) => daily(`S${i}`))
const right = requests.map((_, i) => bars(i + 1, rows))
const newer = daily('new')

/** Damages files of a cache, `cases` times, and asks it for all its tables, while it is open and after it was opened again. */
export async function flips(seed: number, cases: number, only?: number): Promise<readonly Broken[]> {
  const root = mkdtempSync(join(tmpdir(), 'rxtuna-flips-'))
  const broken: Broken[] = []
  try {
    const templates = { closed: join(root, 'closed'), killed: join(root, 'killed') }
    const keys = await build(templates.closed, templates.killed)
    for (let number = only ?? 0; number < (only === undefined ? cases : only + 1); number++) {
      const random = randomStream(seed, number, 0, 'flips')
      const when = (['closed', 'killed', 'open'] as const)[random.int(0, 2)] as Broken['when']
      const directory = join(root, `${number}`)
      cpSync(when === 'killed' ? templates.killed : templates.closed, directory, { recursive: true })
      const attempt = new Attempt(directory, keys)
      const damages = await attempt.run(when, mapped => damage(directory, random, keys, mapped))
      if (attempt.wrong.length > 0) broken.push({ number, when, damages, wrong: attempt.wrong, codes: attempt.codes })
      rmSync(directory, { recursive: true })
    }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
  return broken
}

/** Makes a cache, and a copy of it as a killed process leaves it, with its log. Returns the keys. */
async function build(closed: string, killed: string): Promise<readonly string[]> {
  let keys: readonly string[]
  {
    await using cache = await openTieredCache({ directory: closed })
    const backtestId = 'study/1'
    for (const [i, request] of requests.entries()) await cache.put(request, right[i] as Table, i % 2 === 0 ? { backtestId } : {})
    keys = requests.map(request => cache.key(request))
  }
  // A process's number has more or fewer digits, and a seed should damage the same bytes each time.
  const renamed = (name: string): string => name.replace(/-\d+-\d+(?=-\d+-\d+\.\d+\.parquet$)/, '-1-1')
  {
    using db = await openSqlite({ path: join(closed, 'metadata.db') })
    const rename = db.prepare('UPDATE cache_entries SET parquet_path = ? WHERE parquet_path = ?')
    for (const name of readdirSync(closed)) {
      if (!name.endsWith('.parquet')) continue
      renameSync(join(closed, name), join(closed, renamed(name)))
      rename.run(renamed(name), name)
    }
    db.exec('VACUUM')
  }
  const other = `${killed}-open`
  cpSync(closed, other, { recursive: true })
  using db = await openSqlite({ path: join(other, 'metadata.db') })
  db.exec('UPDATE cache_entries SET access_count = access_count + 1; UPDATE datasets SET updated_at = updated_at + 1')
  cpSync(other, killed, { recursive: true })
  return keys
}

/** One directory through one damage. */
class Attempt {
  readonly wrong: string[] = []
  readonly codes: string[] = []
  readonly #directory: string
  readonly #keys: readonly string[]
  readonly #invalidated = new Set<string>()

  constructor(directory: string, keys: readonly string[]) {
    this.#directory = directory
    this.#keys = keys
  }

  async run(when: Broken['when'], spoil: (mapped: boolean) => readonly Damage[]): Promise<readonly Damage[]> {
    let damages = when === 'open' ? [] : spoil(false)
    {
      const cache = await this.#open()
      if (when === 'open') {
        for (const key of this.#keys) await cache.get(key)
        damages = spoil(true)
      }
      await this.#getEach(cache, 'get')
      await this.#askEach(cache, 'the first call')
      this.#checkInvalidated(damages)
      await this.#getEach(cache, 'get after a load')
      await this.#askEach(cache, 'the second call')
      // The call that meets the damage may reject; the next finds the database begun anew.
      const first = await outcome(cache.put(newer, bars(99, rows)))
      if (first) this.codes.push(`put: ${first}`)
      if (first && !this.#isLeft && (await outcome(cache.put(newer, bars(99, rows))))) this.wrong.push(`put rejects again: ${first}`)
      const closing = await outcome(cache[Symbol.asyncDispose]())
      if (closing) this.wrong.push(`close rejects: ${closing}`)
    }
    await this.#again()
    return damages
  }

  /** A database that looks like another program's or a newer version's stays as it is, and then nothing can be kept. */
  get #isLeft(): boolean {
    return this.codes.some(code => /TIERED_METADATA_(FOREIGN|NEWER)/.test(code))
  }

  async #again(): Promise<void> {
    const cache = await this.#open()
    await this.#askEach(cache, 'a call after opening again')
    await this.#getEach(cache, 'get after opening again')
    for (const work of [() => cache.clear({ key: this.#keys[0] as string }), () => cache.put(newer, bars(99, rows))]) {
      // What is damaged where nobody has looked yet is found here, once.
      const first = await outcome(work())
      if (first) this.codes.push(`later: ${first}`)
      if (first && !this.#isLeft && (await outcome(work()))) this.wrong.push(`opened again, it still rejects: ${first}`)
    }
    let loads = 0
    for (let i = 0; i < 2; i++) {
      loads = 0
      for (const [at, request] of requests.entries()) {
        const load = async (): Promise<Table> => {
          loads++
          return right[at] as Table
        }
        await outcome(cache.getOrLoad(request, load))
      }
    }
    if (loads > 0 && !this.#isLeft) this.wrong.push(`opened again, it keeps nothing: ${loads} loads`)
    const closing = await outcome(cache[Symbol.asyncDispose]())
    if (closing) this.wrong.push(`the second close rejects: ${closing}`)
  }

  async #open(): Promise<TieredCache> {
    const cache = await openTieredCache({ directory: this.#directory, hotBytes: 0 })
    cache.events.on('fail', ({ error }) => this.codes.push(outcomeOf(error)))
    cache.events.on('invalidate', ({ key }) => this.#invalidated.add(key))
    return cache
  }

  async #askEach(cache: TieredCache, what: string): Promise<void> {
    for (const [i, request] of requests.entries()) {
      const table = await cache.getOrLoad(request, async () => right[i] as Table).catch(error => this.#caught(what, error))
      if (table && !same(table, right[i] as Table)) this.wrong.push(`${what} got a wrong table ${i}`)
    }
  }

  async #getEach(cache: TieredCache, what: string): Promise<void> {
    for (const [i, key] of this.#keys.entries()) {
      const table = await cache.get(key).catch(error => this.#caught(what, error))
      if (table && !same(table, right[i] as Table)) this.wrong.push(`${what} got a wrong table ${i}`)
    }
  }

  /** A damaged file is said to be one, as long as the database was sound enough to know it. */
  #checkInvalidated(damages: readonly Damage[]): void {
    if (!damages.every(({ file }) => file.endsWith('.parquet'))) return
    // Where a directory is in its place, the file system fails, and zeros in the place of zeros are no damage.
    const spared = new Set(damages.filter(({ how }) => /directory|nothing/.test(how)).map(({ file }) => file))
    for (const { file } of damages) {
      const key = file.slice(0, file.indexOf('.'))
      if (!spared.has(file) && !this.#invalidated.has(key)) this.wrong.push(`nothing was said of ${file}`)
    }
  }

  #caught(what: string, error: Error): undefined {
    this.wrong.push(`${what} rejects: ${error.message}`)
  }
}

function outcome(promise: PromiseLike<unknown>): Promise<string | undefined> {
  return Promise.resolve(promise).then(() => undefined, outcomeOf)
}

function outcomeOf(error: Error): string {
  return 'code' in error ? `${error.code} ${error.message}` : error.message
}

function same(a: Table, b: Table): boolean {
  return (
    a.numRows === b.numRows &&
    ['row', 'close'].every(name => {
      const [x, y] = [a.getChild(name)?.toArray(), b.getChild(name)?.toArray()]
      return x !== undefined && y !== undefined && x.length === y.length && x.every((value: number, i: number) => value === y[i])
    })
  )
}
