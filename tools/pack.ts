// The packed packages, installed by plain npm into an empty project outside the workspace, and used there: npm run pack [-- --keep]
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type Manifest, packInto, publishedPackages, root, userEnvironment } from './packages.ts'

const project = mkdtempSync(join(tmpdir(), 'rxtuna-pack-'))
const packages = publishedPackages()

function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): void {
  console.log(`$ ${command} ${args.join(' ')}`)
  execFileSync(command, args, { cwd: project, env: { ...userEnvironment(), ...environment }, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** The version of a package that the workspace uses. */
function versionOf(directory: string, kind: 'dependencies' | 'devDependencies', name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest
  return `${name}@${manifest[kind]?.[name] ?? 'latest'}`
}

function createProject(): void {
  const write = (name: string, content: unknown) => writeFileSync(join(project, name), JSON.stringify(content))
  write('package.json', { name: 'empty', private: true, type: 'module' })
  // What the README tells users: without it, an install from a lock file would compile better-sqlite3, which ships its binaries.
  writeFileSync(join(project, '.npmrc'), 'ignore-scripts=true\n')
  write('tsconfig.json', {
    compilerOptions: {
      target: 'es2024',
      lib: ['es2024', 'esnext.disposable'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true
    },
    files: ['use.ts', 'imports.ts']
  })
  copyFileSync(join(root, 'test/workspace/packed/use.ts'), join(project, 'use.ts'))
  const paths = packages.flatMap(({ manifest: { name, exports = {} } }) => Object.keys(exports).map(path => join(name, path)))
  const imports = paths
    .filter(path => !path.endsWith('.json'))
    .map(path => `import '${path}'\nif (!import.meta.resolve('${path}').includes('/dist/')) throw new Error('Expected dist of ${path}')\n`)
  writeFileSync(join(project, 'imports.ts'), imports.join(''))
}

try {
  createProject()
  const tarballs = packages.map(pack => packInto(project, pack))
  const others = [versionOf('examples', 'dependencies', 'apache-arrow'), versionOf('.', 'devDependencies', '@types/node')]
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs.map(path => `./${basename(path)}`), ...others])
  run('node', ['imports.ts'])
  run('node', ['use.ts', '40'])
  run(join(root, 'node_modules/.bin/tsc'), ['-p', '.'])

  // Again from the lock file, as a colleague's machine would: nothing in its home directory, no cache.
  rmSync(join(project, 'node_modules'), { recursive: true })
  mkdirSync(join(project, 'home'))
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { HOME: join(project, 'home') })
  run('node', ['use.ts', '80'])
} catch (error) {
  console.error(`FAILED: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
} finally {
  if (process.argv.includes('--keep')) console.log(project)
  else rmSync(project, { recursive: true })
}
