import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWorker } from '@rxtuna/core/node'
import { expect } from 'chai'
import { directoryTier } from '../../../plugins/tiered-cache/src/directory-tier.ts'
import { fileNames, readFileName, temporaryName } from '../../../plugins/tiered-cache/src/file-names.ts'
import { rejection, workspace } from './workspace.ts'

const bytes = new TextEncoder().encode('PAR1 some bytes PAR1')
const later = (): number => Date.now() + 60_000

describe('the directory of the cold tier', () => {
  it('writes a file whole, and leaves no temporary', async () => {
    await using space = workspace()
    using own = openWorker()
    const tier = directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock: Date.now })
    const name = await tier.write('k', bytes)
    expect(readdirSync(space.directory)).to.deep.equal([name])
    expect(new Uint8Array((await tier.read(name))?.bytes ?? [])).to.deep.equal(bytes)
  })

  it('never writes two files under one name', async () => {
    await using space = workspace()
    using own = openWorker()
    using other = openWorker()
    const tiers = [own, other].map(({ worker }) => directoryTier({ directory: space.directory, cache: 'm.db', worker, clock: Date.now }))
    const names = await Promise.all([...tiers, ...tiers].map(tier => tier.write('k', bytes)))
    expect(new Set(names).size).to.equal(4)
  })

  it('leaves nothing behind when it cannot write', async () => {
    await using space = workspace()
    using own = openWorker()
    const name = fileNames('m.db', own.worker)('k')
    // A directory in the file's place makes the rename fail.
    mkdirSync(space.file(name))
    writeFileSync(join(space.file(name), 'x'), '')
    const tier = directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock: Date.now })
    await rejection(tier.write('k', bytes))
    expect(readdirSync(space.directory)).to.deep.equal([name])
  })

  it('says that a file is the one it was, and not of one that is too young for its time of change to be trusted', async () => {
    await using space = workspace()
    using own = openWorker()
    const tier = (clock: () => number) => directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock })
    const name = await tier(later).write('k', bytes)
    const versions = [await tier(later).read(name), await tier(later).read(name)].map(read => read?.version)
    expect(versions[0]).to.be.a('string').and.to.equal(versions[1])
    expect(await tier(Date.now).read(name)).to.not.have.property('version')
  })

  it('sees a change that kept the size and put the time of change back', async () => {
    await using space = workspace()
    using own = openWorker()
    const tier = directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock: later })
    const name = await tier.write('k', bytes)
    const before = await tier.read(name)
    const { atime, mtime } = statSync(space.file(name))
    writeFileSync(space.file(name), new Uint8Array(bytes).fill(7))
    utimesSync(space.file(name), atime, mtime)
    expect((await tier.read(name))?.version)
      .to.be.a('string')
      .and.to.not.equal(before?.version)
  })

  it('reads a large file onto shared memory', async () => {
    await using space = workspace()
    using own = openWorker()
    const tier = directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock: Date.now })
    const large = Uint8Array.from({ length: 3 * 1024 ** 2 }, (_, i) => i * 7)
    const read = await tier.read(await tier.write('k', large))
    expect(read?.bytes.buffer).to.be.instanceOf(SharedArrayBuffer)
    expect(Buffer.compare(read?.bytes ?? new Uint8Array(), large)).to.equal(0)
  })

  it('answers for a file that is gone, and never looks outside its directory', async () => {
    await using space = workspace()
    using own = openWorker()
    const tier = directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock: Date.now })
    mkdirSync(space.file('directory'))
    for (const name of ['k.parquet', '../../etc/passwd', 'directory', '..']) expect(await tier.read(name)).to.equal(undefined)
    await tier.remove(['k.parquet', '../x'])
  })

  it('collects what dead processes left, and nothing that a living one may be writing', async () => {
    await using space = workspace()
    using own = openWorker()
    using living = openWorker()
    const gone = openWorker()
    gone[Symbol.dispose]()
    const dead = fileNames('m.db', gone.worker)
    const alive = fileNames('m.db', living.worker)
    const foreign = fileNames('m.db', { ...gone.worker, host: 'elsewhere' })
    const known = dead('known')
    const kept = [known, alive('orphan'), temporaryName(alive('writing')), temporaryName(foreign('writing')), 'notes.txt']
    const mine = fileNames('m.db', own.worker)
    for (const name of [...kept, dead('orphan'), temporaryName(dead('writing')), mine('orphan')]) writeFileSync(space.file(name), '')
    // What is no file is nobody's.
    mkdirSync(space.file(dead('directory')))
    const tier = (clock: () => number) => directoryTier({ directory: space.directory, cache: 'm.db', worker: own.worker, clock })
    expect(await tier(Date.now).collect(async () => new Set([known]))).to.equal(3)
    rmSync(space.file(readdirSync(space.directory).find(name => name.startsWith('directory')) ?? ''), { recursive: true })
    expect(readdirSync(space.directory).sort()).to.deep.equal([...kept].sort())
    expect(await tier(() => Date.now() + 7_200_000).collect(async () => new Set([known]))).to.equal(3)
    expect(readdirSync(space.directory).sort()).to.deep.equal([known, 'notes.txt'].sort())
  })

  it('tells from a name who wrote the file', () => {
    using own = openWorker()
    const name = fileNames('m.db', own.worker)('8a3c9ff46519d39e')
    using other = openWorker()
    expect(readFileName(name, 'm.db', own.worker)).to.deep.equal({ temporary: false, writer: 'own' })
    expect(readFileName(temporaryName(name), 'm.db', other.worker)).to.deep.equal({ temporary: true, writer: 'alive' })
    expect(readFileName(name, 'other.db', own.worker)).to.equal(undefined)
    expect(readFileName('metadata.db', 'm.db', own.worker)).to.equal(undefined)
    own[Symbol.dispose]()
    expect(readFileName(name, 'm.db', other.worker)?.writer).to.equal('dead')
  })
})
