import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect } from 'chai'
import { publishedPackages, root } from '../../tools/packages.ts'
import { importsOf, packageOf } from './imports.ts'

const packages = publishedPackages()
const core = packages.filter(({ directory }) => directory === 'core')
const plugins = packages.filter(({ manifest }) => manifest.name !== '@rxtuna/core' && manifest.name !== 'rxtuna')
const version = (JSON.parse(readFileSync(join(root, 'lerna.json'), 'utf8')) as { readonly version: string }).version

const files = (...patterns: readonly string[]): string[] =>
  globSync(patterns, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**'] })
    .map(file => file.replaceAll(sep, '/'))
    .sort()
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const sourcesOf = (directory: string): string[] => files(`${directory}/src/**/*.ts`)

/** Every import of a package's sources that a rule forbids, as "file imports specifier". */
function offending(directory: string, forbidden: (specifier: string, file: string) => boolean): string[] {
  return sourcesOf(directory).flatMap(file =>
    importsOf(read(file))
      .filter(specifier => forbidden(specifier, file))
      .map(specifier => `${file} imports ${specifier}`)
  )
}

/** Core's parts for Node; the rest of core runs in a browser. */
const nodeParts = ['node', 'sqlite', 'testing']
const inNodePart = (file: string): boolean => nodeParts.some(part => file.startsWith(`core/src/${part}/`))

describe('the packages', () => {
  it('import nothing that their package.json does not declare', () => {
    const offenders = packages.flatMap(({ directory, manifest }) => {
      const declared = new Set([manifest.name, ...Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies })])
      const isBuiltin = (specifier: string) => specifier.startsWith('node:') || builtinModules.includes(specifier)
      return offending(directory, name => !/^[.#]/.test(name) && !isBuiltin(name) && !declared.has(packageOf(name)))
    })
    expect(offenders).to.deep.equal([])
  })

  it('reach another package by its name, never by its path', () => {
    const offenders = packages.flatMap(({ directory }) =>
      offending(
        directory,
        (name, file) => name.startsWith('.') && !resolve(root, dirname(file), name).startsWith(join(root, directory, 'src'))
      )
    )
    expect(offenders).to.deep.equal([])
  })

  it('write a module of Node with the prefix node:', () => {
    expect(packages.flatMap(({ directory }) => offending(directory, name => builtinModules.includes(name)))).to.deep.equal([])
  })

  it('have the version of lerna.json, and ask for each other in it', () => {
    expect(packages.map(({ manifest }) => `${manifest.name} ${manifest.version}`)).to.deep.equal(
      packages.map(({ manifest }) => `${manifest.name} ${version}`)
    )
    const own = new Set(packages.map(({ manifest }) => manifest.name))
    for (const { manifest } of packages) {
      for (const [name, range] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
        if (own.has(name)) expect(range, `${manifest.name} on ${name}`).to.equal(version)
      }
      const peer = manifest.peerDependencies?.['@rxtuna/core']
      if (peer !== undefined) expect(peer, `the peer range of ${manifest.name}`).to.equal(`^${version}`)
    }
  })

  it('have a README, a licence, and exports that name the source first and dist after it', () => {
    for (const { directory, manifest } of packages) {
      expect(existsSync(join(root, directory, 'README.md')), `${directory}/README.md`).to.equal(true)
      expect(manifest.license, `the license of ${manifest.name}`).to.equal('MIT')
      for (const [path, target] of Object.entries(manifest.exports ?? {})) {
        if (typeof target === 'string') continue
        const source = target['@rxtuna/source'] ?? ''
        const stem = source.replace('./src/', './dist/').replace(/\.ts$/, '')
        expect(Object.entries(target), `${manifest.name} ${path}`).to.deep.equal([
          ['@rxtuna/source', source],
          ['types', `${stem}.d.ts`],
          ['default', `${stem}.js`]
        ])
        expect(existsSync(join(root, directory, source)), `${directory} ${source}`).to.equal(true)
      }
    }
  })
})

describe('core', () => {
  it('depends on rxjs and eventemitter3, and on nothing else', () => {
    expect(core.map(({ manifest }) => Object.keys(manifest.dependencies ?? {}).sort())).to.deep.equal([['eventemitter3', 'rxjs']])
    expect(offending('core', (name, file) => /^(better-sqlite3|kysely)$/.test(packageOf(name)) && !inNodePart(file))).to.deep.equal([])
  })

  it('imports nothing of Node outside its subpaths node, sqlite and testing', () => {
    const intoNodePart = (name: string, file: string) =>
      name.startsWith('.') && inNodePart(relative(root, resolve(root, dirname(file), name)))
    expect(offending('core', (name, file) => !inNodePart(file) && (name.startsWith('node:') || intoNodePart(name, file)))).to.deep.equal([])
  })

  it('names no global of Node outside these subpaths: it type-checks against a browser alone', function () {
    this.timeout(60_000)
    mkdirSync(join(root, '.cache'), { recursive: true })
    const directory = mkdtempSync(join(root, '.cache', 'browser-'))
    try {
      const config = {
        extends: '../../tsconfig.base.json',
        compilerOptions: {
          noEmit: true,
          composite: false,
          declaration: false,
          declarationMap: false,
          isolatedDeclarations: false,
          types: [],
          lib: ['es2024', 'esnext.disposable', 'esnext.collection', 'esnext.iterator', 'dom', 'dom.iterable', 'dom.asynciterable']
        },
        include: ['../../core/src'],
        exclude: nodeParts.map(part => `../../core/src/${part}`)
      }
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
      expect(outputOf('tsc', '-p', directory)).to.equal('')
    } finally {
      rmSync(directory, { recursive: true })
    }
  })
})

describe('a plugin', () => {
  it('never imports a sibling', () => {
    const own = new Set(packages.map(({ manifest }) => manifest.name))
    const offenders = plugins.flatMap(({ directory, manifest }) =>
      offending(directory, name => own.has(packageOf(name)) && packageOf(name) !== manifest.name && packageOf(name) !== '@rxtuna/core')
    )
    expect(offenders).to.deep.equal([])
  })

  it('has core as a peer, so that a program has one core', () => {
    expect(plugins.length).to.be.greaterThan(0)
    for (const { manifest } of plugins) {
      expect(Object.keys(manifest.peerDependencies ?? {}), manifest.name).to.include('@rxtuna/core')
      expect(
        Object.keys(manifest.dependencies ?? {}).filter(name => /^@?rxtuna/.test(name)),
        manifest.name
      ).to.deep.equal([])
    }
  })
})

describe('a source file', () => {
  it('has at most 300 lines', () => {
    const sources = files('core/src/**/*.ts', 'plugins/*/src/**/*.ts', 'examples/**/*.ts', 'tools/**/*.ts')
    const lines = (file: string) => read(file).trimEnd().split('\n').length
    const tooLong = sources.filter(file => lines(file) > 300).map(file => `${file} has ${lines(file)}`)
    expect(tooLong).to.deep.equal([])
  })

  it('names no package registry and no path of one machine, and neither does a document', () => {
    const texts = files('*.{md,json,yml}', '.npmrc', '.ci/*', '{core,plugins,examples,tools,test}/**/*.{ts,js,py,sql,json,md}')
    const host = /\bregistry\.[a-z0-9-]+\.[a-z]{2,}|https?:\/\/[^/\s'"]*(?:registry|artifactory|nexus|verdaccio)/i
    const places = [`${root}/`, `${homedir()}/`]
    const offenders = texts.filter(file => host.test(read(file)) || places.some(place => read(file).includes(place)))
    expect(offenders).to.deep.equal([])
  })
})

/** What a program prints, whatever its exit status. */
function outputOf(command: string, ...args: readonly string[]): string {
  try {
    return execFileSync(command, args, { cwd: root, encoding: 'utf8' })
  } catch (error) {
    return (error as { readonly stdout?: string }).stdout || String(error)
  }
}
