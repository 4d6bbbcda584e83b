import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { run, runWell, temporaryDirectory } from './program.ts'
import { databasePath, trialsAt } from './study-at.ts'

describe('npm start ends with exit code 1 and one sentence', function () {
  this.timeout(60_000)

  const refusal = async (options: Parameters<typeof run>[0]): Promise<string> => {
    const { code, signal, stdout, stderr } = await run(options)
    expect([code, signal, stdout], stderr).to.deep.equal([1, null, ''])
    expect(stderr).to.match(/^Expected [^\n]*[^\n.]\.\n$/)
    expect(stderr).to.not.match(/ at .*:\d+:\d+/)
    return stderr
  }

  const optionCases: readonly (readonly [readonly string[], RegExp])[] = [
    [['--trials', 'x'], /whole number >= 1 after --trials, got "x"/],
    [['--trials'], /as --help lists them.*--trials/],
    [['--lanes', '0'], /whole number >= 1 after --lanes, got "0"/],
    [['--seed', '-1'], /as --help lists them.*--seed/],
    [['--trails', '5'], /as --help lists them.*--trails/],
    [['--storage', 'nonsense://'], /sqlite:\/\/\/study\.db.*got "nonsense:\/\/"/],
    [['--storage', 'sqlite:///no/such/place.db'], /no\/such\/place\.db.*directory does not exist/]
  ]
  for (const [args, expected] of optionCases)
    it(`for ${args.join(' ')}`, async () => {
      using directory = temporaryDirectory()
      expect(await refusal({ cwd: directory.path, args })).to.match(expected)
      expect(existsSync(join(directory.path, databasePath))).to.equal(false)
    })

  it('for another seed than that of the stored study, which stays as it was', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    await runWell({ cwd, args: ['--trials', '8', '--seed', '5', '--quiet'] })
    const before = await trialsAt(cwd)
    expect(await refusal({ cwd, args: ['--trials', '20', '--seed', '6'] })).to.match(/seed that "sma-crossover" was created with, 5, got 6/)
    expect(await trialsAt(cwd)).to.deep.equal(before)
    await runWell({ cwd, args: ['--trials', '20', '--quiet'] })
    expect((await trialsAt(cwd)).slice(0, 8)).to.deep.equal(before)
  })

  it('for a file that is no database, as --storage or in place of its own, which stays as it was', async () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    const text = 'These are notes, and no database.\n'.repeat(40)
    writeFileSync(join(cwd, 'notes.txt'), text)
    for (const fresh of [[], ['--fresh']])
      expect(await refusal({ cwd, args: ['--storage', 'sqlite:///notes.txt', ...fresh] })).to.match(/SQLite database at .*notes\.txt/)
    expect(readFileSync(join(cwd, 'notes.txt'), 'utf8')).to.equal(text)
    await runWell({ cwd, args: ['--trials', '4', '--quiet'] })
    const before = await trialsAt(cwd)
    const guard = join(cwd, '.rxtuna', 'sma-crossover.dedup.db')
    writeFileSync(guard, text)
    expect(await refusal({ cwd, args: ['--trials', '8'] })).to.match(/SQLite database at .*sma-crossover\.dedup\.db/)
    expect(readFileSync(guard, 'utf8')).to.equal(text)
    expect(await trialsAt(cwd)).to.deep.equal(before)
  })

  it('for an environment variable of the caches that it does not understand', async () => {
    using directory = temporaryDirectory()
    const said = await refusal({ cwd: directory.path, args: ['--trials', '4'], env: { RXTUNA_CACHE_SIZE_GB: 'many' } })
    expect(said).to.match(/RXTUNA_CACHE_SIZE_GB, got "many"/)
  })

  it('for a directory that it may not write, and leaves the study in it as it was', async function () {
    // Without users there is nobody whom a directory could refuse.
    if (process.platform === 'win32') this.skip()
    using directory = temporaryDirectory()
    const cwd = directory.path
    chmodSync(cwd, 0o555)
    const asNobody = { cwd, args: ['--trials', '8'], preload: new URL('./as-nobody.ts', import.meta.url) }
    expect(await refusal(asNobody)).to.match(/make the directory \.rxtuna in .*, got: EACCES/)
    chmodSync(cwd, 0o755)
    await runWell({ cwd, args: ['--trials', '4', '--quiet'] })
    const path = join(cwd, databasePath)
    const before = readFileSync(path)
    for (const writable of [path, join(cwd, '.rxtuna'), cwd]) chmodSync(writable, writable === path ? 0o444 : 0o555)
    expect(await refusal(asNobody)).to.match(/database .*sma-crossover\.db.*read-only/)
    expect(readFileSync(path).equals(before)).to.equal(true)
    for (const writable of [cwd, join(cwd, '.rxtuna')]) chmodSync(writable, 0o755)
  })
})
