// The report of what core's main entry exports, compared with the one in the repository: npm run api [-- --update]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Declaration, Declarations } from './declarations.ts'
import { root } from './packages.ts'

const path = 'core/api.md'
const report = reportOf(join(root, 'core/dist/index.d.ts'))
if (process.argv.includes('--update')) writeFileSync(join(root, path), report)
const stored = read(join(root, path))
if (stored === report) console.log(`${path} is what core exports`)
else {
  console.error(`Expected ${path} to be what core exports, got a difference. If it is meant, run npm run api -- --update.`)
  for (const line of difference(stored, report)) console.error(line)
  process.exitCode = 1
}

function reportOf(entry: string): string {
  const declarations = new Declarations()
  const exported = [...declarations.exportsOf(entry).values()]
  const used = declarations.usedBy(exported)
  return [
    '# What `@rxtuna/core` exports',
    '',
    'Written by `npm run api -- --update`, and compared by `npm run api`, so that no signature changes unseen.',
    '',
    ...section(exported),
    '## What they name and is not exported',
    '',
    ...section(used)
  ]
    .join('\n')
    .trimEnd()
    .concat('\n')
}

// Not `ts`: a block in TypeScript would be taken for an example.
function section(declarations: readonly Declaration[]): readonly string[] {
  return declarations.flatMap(({ text }) => ['```', text.replaceAll(/^export (declare )?|^declare /gm, ''), '```', ''])
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Lines that only one of two texts has. */
function difference(before: string, after: string): readonly string[] {
  const lines = (text: string, other: string): readonly string[] => {
    const known = new Set(other.split('\n'))
    return text.split('\n').filter(line => !known.has(line))
  }
  return [...lines(before, after).map(line => `- ${line}`), ...lines(after, before).map(line => `+ ${line}`)]
}
