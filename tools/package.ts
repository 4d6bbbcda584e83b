// publint and attw on each package, as it is packed: npm run package
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { packInto, publishedPackages } from './packages.ts'

async function problemsOf(tarball: string): Promise<string[]> {
  const { messages, pkg } = await publint({ strict: true, pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer } })
  const problems = messages.map(message => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`)
  const attw = spawnSync(
    'attw',
    [tarball, '--profile', 'esm-only', '--no-definitely-typed', '--no-color', '--no-emoji', '--format', 'ascii'],
    {
      encoding: 'utf8'
    }
  )
  if (attw.status !== 0) problems.push(`attw: ${attw.error?.message ?? attw.stdout + attw.stderr}`)
  return problems
}

const into = mkdtempSync(join(tmpdir(), 'rxtuna-package-'))
try {
  for (const pack of publishedPackages()) {
    const problems = await problemsOf(packInto(into, pack))
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${pack.manifest.name}`)
    for (const problem of problems) console.log(`       ${problem.trim().replaceAll('\n', '\n       ')}`)
    if (problems.length > 0) process.exitCode = 1
  }
} finally {
  rmSync(into, { recursive: true })
}
