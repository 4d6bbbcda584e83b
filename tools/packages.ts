import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly imports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

export interface Package {
  /** Relative to the root, like `plugins/dedup`. */
  readonly directory: string
  readonly manifest: Manifest
}

/** The root of the workspace. */
export const root: string = dirname(import.meta.dirname)

/** Every package that is published: core first, then the plugins by name. */
export function publishedPackages(): readonly Package[] {
  return ['core', ...globSync('plugins/*', { cwd: root }).sort()]
    .filter(directory => existsSync(join(root, directory, 'package.json')))
    .map(directory => ({ directory, manifest: JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest }))
    .filter(({ manifest }) => !manifest.private)
}

/** Packs a package as npm publishes it; returns the tarball's path. */
export function packInto(into: string, { directory }: Package): string {
  const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', into], { cwd: join(root, directory), encoding: 'utf8' })
  return join(into, name.trim())
}

/**
 * This process's environment as a user's shell has it: without what npm set for its scripts (its options, the condition that finds
 * sources), and with the Node that runs now first on the path.
 */
export function userEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_OPTIONS$|INIT_CWD$|NODE$|RXTUNA_)/i.test(name))
  const path = (process.env.PATH ?? '').split(':').filter(entry => !entry.includes('node_modules') && !entry.includes('node-gyp-bin'))
  return { ...Object.fromEntries(kept), PATH: [dirname(process.execPath), ...path].join(':') }
}
