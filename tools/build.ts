// Builds dist of every package, and only what has a source: npm run build
import { spawnSync } from 'node:child_process'
import { copyFileSync, globSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { publishedPackages, root } from './packages.ts'

/** Whether dist lacks the output of a source, after removing from it what has no source any more: tsc does neither by itself. */
function tidy(directory: string): boolean {
  const sources = new Set(globSync('**/*.ts', { cwd: join(root, directory, 'src') }).map(file => file.replace(/\.ts$/, '')))
  const outputs = globSync('**/*.{js,d.ts,map}', { cwd: join(root, directory, 'dist') })
  const stemOf = (file: string) => file.replace(/(\.d\.ts|\.js)(\.map)?$/, '')
  for (const file of outputs) if (!sources.has(stemOf(file))) rmSync(join(root, directory, 'dist', file))
  const built = new Set(outputs.filter(file => file.endsWith('.js')).map(stemOf))
  return [...sources].some(source => !built.has(source))
}

const packages = publishedPackages()
// npm packs the licence only where it lies beside the manifest.
for (const { directory } of packages) copyFileSync(join(root, 'LICENSE'), join(root, directory, 'LICENSE'))
const incomplete = packages.map(({ directory }) => tidy(directory))
// With its build information in place and dist removed, tsc would find nothing to do.
const force = incomplete.includes(true) ? ['--force'] : []
process.exit(spawnSync('tsc', ['-b', 'tsconfig.build.json', ...force], { cwd: root, stdio: 'inherit' }).status ?? 1)
