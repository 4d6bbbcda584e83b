// Runs an example by name: npm run example -- NAME [its options]
import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './packages.ts'

const known = globSync('*.ts', { cwd: join(root, 'examples') })
  .map(file => file.replace(/\.ts$/, ''))
  .sort()
const [name = '', ...options] = process.argv.slice(2)
if (!known.includes(name)) {
  console.error(`Expected the name of an example (${known.join(', ')}), got ${name || 'none'}. For example: npm run example -- ${known[0]}`)
  process.exit(2)
}
process.exit(spawnSync(process.execPath, [join(root, 'examples', `${name}.ts`), ...options], { cwd: root, stdio: 'inherit' }).status ?? 1)
