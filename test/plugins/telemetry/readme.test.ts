import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { expect } from 'chai'

const run = promisify(execFile)

describe('the README of telemetry', () => {
  it('has a program that runs as it is and prints spans and metrics', async () => {
    const text = await readFile(new URL('../../../plugins/telemetry/README.md', import.meta.url), 'utf8')
    const program = /```ts\n(.*?)```/s.exec(text)?.[1] ?? ''
    const { stdout, stderr } = await run(
      process.execPath,
      ['--conditions=@rxtuna/source', '--input-type=module-typescript', '--eval', program],
      { cwd: import.meta.dirname }
    )
    expect(stderr).to.equal('')
    expect(stdout.match(/name: 'trial',/g)).to.have.length(3)
    expect(stdout).to.contain("name: 'rxtuna.trials'")
  }).timeout(30_000)

  it('names only tests that there are', async () => {
    const text = await readFile(new URL('../../../plugins/telemetry/README.md', import.meta.url), 'utf8')
    const files = ['telemetry', 'study-spans', 'study-metrics', 'load-spans', 'cache-ledger']
    const sources = await Promise.all(files.map(file => readFile(new URL(`./${file}.test.ts`, import.meta.url), 'utf8')))
    const table = /## Guarantees\n\n\|[^\n]*\n\|[^\n]*\n(.*?)\n\n/s.exec(text)?.[1] ?? ''
    const titles = table.split('\n').flatMap(row => row.split('|').at(2)?.trim().split('; ') ?? [])
    expect(titles).to.have.length.greaterThan(12)
    for (const title of titles) expect(sources.join(), title).to.contain(title)
  })
})
