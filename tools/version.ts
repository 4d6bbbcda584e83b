// Run by lerna version after it has set the new version: peer ranges, which lerna leaves alone, follow it.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Manifest, publishedPackages, root } from './packages.ts'

const { version } = JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')) as { readonly version: string }
for (const { directory, manifest } of publishedPackages()) {
  if (manifest.peerDependencies?.['@rxtuna/core'] === undefined) continue
  const changed: Manifest = { ...manifest, peerDependencies: { ...manifest.peerDependencies, '@rxtuna/core': `^${version}` } }
  const file = join(root, directory, 'package.json')
  writeFileSync(file, `${JSON.stringify(changed, undefined, 2)}\n`)
  execFileSync('git', ['add', file], { cwd: root })
}
