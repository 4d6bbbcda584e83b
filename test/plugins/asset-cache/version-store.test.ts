import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { fileVersion } from '@rxtuna/asset-cache'
import { expect } from 'chai'
import { type FileContent, VersionStore } from '../../../plugins/asset-cache/src/version-store.ts'
import { rejection } from './rejection.ts'

const run = promisify(execFile)

/** The version as another process says it. */
async function versionElsewhere(paths: readonly string[], store: string): Promise<string> {
  const program = `import { fileVersion } from '@rxtuna/asset-cache'; console.log(await fileVersion(${JSON.stringify(paths)}, { store: ${JSON.stringify(store)} }))`
  const { stdout } = await run(process.execPath, [...process.execArgv, '--input-type=module', '--eval', program], {
    cwd: import.meta.dirname
  })
  return stdout.trim()
}

describe('a store of file versions', () => {
  let directory = ''
  let store = ''
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name)
    writeFileSync(path, text)
    // What changed just now is not trusted, and so not remembered.
    await setTimeout(50)
    return path
  }
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'version-store-'))
    store = join(directory, 'made', 'versions.jsonl')
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  it('spares other processes the reading, and is asked by the state of the file', async () => {
    const path = await write('prices', 'one')
    const version = await fileVersion([path], { store })
    expect(await versionElsewhere([path], store)).to.equal(version)
    // A digest that the content does not have shows who believes the store.
    const text = readFileSync(store, 'utf8')
    const digest = /[0-9a-f]{80}/.exec(text)?.[0] ?? ''
    writeFileSync(store, text.replace(digest, digest.slice(0, 16) + '0'.repeat(64)))
    const believed = await versionElsewhere([path], store)
    expect(believed).to.not.equal(version)
    const stamp = new Date('2020-01-01')
    utimesSync(path, stamp, stamp)
    await setTimeout(50)
    expect(await versionElsewhere([path], store)).to.equal(version)
    await write('prices', 'two')
    expect(await versionElsewhere([path], store)).to.not.equal(version)
    await write('prices', 'one')
    expect(await versionElsewhere([path], store)).to.equal(version)
  }).timeout(30_000)

  it('is written by several processes at once', async () => {
    const paths = await Promise.all(Array.from({ length: 6 }, (_, i) => write(`file ${i}`, `text ${i}`)))
    const versions = await Promise.all(paths.map(path => versionElsewhere([path, paths[0] as string], store)))
    expect(new Set(versions).size).to.equal(6)
    const lines = readFileSync(store, 'utf8').trimEnd().split('\n')
    expect(new Set(lines.map(line => JSON.parse(line)[0]))).to.deep.equal(new Set(paths))
  }).timeout(30_000)

  it('passes over lines that are torn or foreign', async () => {
    const path = await write('prices', 'one')
    const version = await fileVersion([path], { store })
    const [line] = readFileSync(store, 'utf8').split('\n')
    writeFileSync(store, `nonsense\n{"a":1}\n["x"]\n[null,1,2,3,4,5,6,7]\n${line}\n${line?.slice(0, 30)}`)
    expect(await versionElsewhere([path], store)).to.equal(version)
  }).timeout(30_000)

  it('stays small, however often files change', () => {
    const path = join(directory, 'versions')
    const content = (mtimeNs: bigint): FileContent => {
      return { stamp: { size: 1n, mtimeNs, ctimeNs: 2n, ino: 3n, dev: 4n }, digest: Buffer.alloc(40, 7), sqlite: true }
    }
    const written = new VersionStore(path)
    for (let i = 0; i < 3_500; i++) written.set(`file ${i % 5}`, content(BigInt(i)))
    expect(readFileSync(path, 'utf8').split('\n').length).to.be.below(1_100)
    const read = new VersionStore(path)
    for (let i = 3_495; i < 3_500; i++) expect(read.get(`file ${i % 5}`)).to.deep.equal(content(BigInt(i)))
    expect(read.get('another file')).to.equal(undefined)
  })

  it('must be a path that can be written', async () => {
    const path = await write('prices', 'one')
    expect(await rejection(fileVersion([path], { store: '' }))).to.have.property('code', 'STORE_PATH')
    const refused = await rejection(fileVersion([path], { store: join(path, 'no directory') }))
    expect(refused).to.have.property('code', 'STORE_FILE')
    expect((refused as Error).message).to.match(/ENOTDIR|EEXIST/)
    expect(existsSync(store)).to.equal(false)
  })
})
