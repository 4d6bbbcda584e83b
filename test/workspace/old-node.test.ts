import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import { root, userEnvironment } from '../../tools/packages.ts'

/** A Node older than 24 on this machine's path, where there is one. */
function olderNode(): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .filter(directory => !directory.includes('node_modules'))
    .map(directory => join(directory, 'node'))
    .filter(existsSync)
    .find(
      node => Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8', env: userEnvironment() })) < 24
    )
}

const node = olderNode()
const title = 'is refused by the SQLite subpath with a sentence, before the driver can crash on it'

describe('an old Node', () => {
  let directory = ''

  before(function () {
    this.timeout(60_000)
    directory = mkdtempSync(join(tmpdir(), 'rxtuna-old-node-'))
    if (node === undefined) return
    // Its status does not count here: types are another check's.
    spawnSync('tsc', ['-p', 'core', '--outDir', join(directory, 'core'), '--tsBuildInfoFile', join(directory, 'info')], { cwd: root })
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  })
  after(() => rmSync(directory, { recursive: true }))

  if (node === undefined) it.skip(`${title} (no Node older than 24 on this machine's path to try it with)`)
  else
    it(title, () => {
      const program = `
        const { openSqlite } = await import(process.argv[1])
        await openSqlite({ path: 'study.db' }).catch(error => {
          console.error(error.code, error.message)
          process.exitCode = 3
        })`
      const sqlite = join(directory, 'core', 'sqlite', 'index.js')
      const { status, signal, stderr } = spawnSync(node, ['--input-type=module', '--eval', program, sqlite], {
        cwd: directory,
        env: userEnvironment(),
        encoding: 'utf8'
      })
      expect({ status, signal }, stderr).to.deep.equal({ status: 3, signal: null })
      expect(stderr).to.match(/^NODE_TOO_OLD Expected Node 24 or newer for SQLite, got \d+\.\d+\.\d+/)
      expect(readdirSync(directory)).to.not.include('study.db')
    })
})
