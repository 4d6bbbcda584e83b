import { execFile } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { publishedPackages, root, userEnvironment } from '../../tools/packages.ts'
import { type CodeBlock, codeBlocks } from './code-blocks.ts'

interface Example extends CodeBlock {
  /** Where it stands, like `plugins/dedup/README.md:12`. */
  readonly title: string
  readonly file: string
}

const blockTimeoutMs = 60_000
const readmes = ['README.md', ...publishedPackages().map(({ directory }) => `${directory}/README.md`)].filter(file =>
  existsSync(join(root, file))
)
const pages = [...readmes, ...globSync('docs/*.md', { cwd: root }).sort()]
const examples = pages.flatMap(page =>
  codeBlocks(readFileSync(join(root, page), 'utf8')).map((block): Example => {
    const title = `${page}:${block.line}`
    return { ...block, title, file: `${title.replaceAll(/[^a-z0-9]+/gi, '-')}.${block.language}` }
  })
)

/** Runs a program; the text says how it ended where that was not well. */
function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  return new Promise(done => {
    execFile(command, args, { cwd, env: userEnvironment(), timeout: blockTimeoutMs, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      const how = error?.killed ? `was ended after ${blockTimeoutMs} ms` : `ended with status ${error?.code ?? error?.signal}`
      done(error ? `${how}\n${stdout}${stderr}` : '')
    })
  })
}

async function runExample({ file }: Example, directory: string): Promise<string> {
  const cwd = mkdtempSync(join(tmpdir(), 'rxtuna-readme-'))
  try {
    return await run(process.execPath, ['--conditions=@rxtuna/source', join(directory, file)], cwd)
  } finally {
    rmSync(cwd, { recursive: true })
  }
}

/** Calls `work` for each item, a few at a time; the promises come at once, in the order of the items. */
function eachInTurn<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): readonly Promise<R>[] {
  const lanes: Promise<unknown>[] = Array.from({ length: atOnce }, () => Promise.resolve())
  return items.map((item, index) => {
    const result = (lanes[index % atOnce] ?? Promise.resolve()).then(() => work(item))
    lanes[index % atOnce] = result.catch(() => undefined)
    return result
  })
}

describe('each code block of a README or a page of docs', function () {
  this.timeout(5 * blockTimeoutMs)
  const runnable = examples.filter(({ run }) => run)
  let directory = ''
  let results: readonly Promise<string>[] = []

  before(() => {
    // Inside the workspace, so that imports find their packages.
    mkdirSync(join(root, '.cache'), { recursive: true })
    directory = mkdtempSync(join(root, '.cache', 'readme-'))
    // A block without an import or export is a module all the same.
    for (const { file, code } of examples) writeFileSync(join(directory, file), `${code}\nexport {}\n`)
    results = eachInTurn(runnable, availableParallelism(), example => runExample(example, directory))
  })
  after(async () => {
    await Promise.allSettled(results)
    rmSync(directory, { recursive: true })
  })

  for (const [index, { title }] of runnable.entries()) {
    it(`runs: ${title}`, async () => {
      const problem = (await results[index]) ?? ''
      if (problem !== '') expect.fail(`The code block at ${title} ${problem}`)
    })
  }

  it('type-checks', async () => {
    const config = {
      extends: '../../tsconfig.base.json',
      compilerOptions: {
        composite: false,
        declaration: false,
        declarationMap: false,
        isolatedDeclarations: false,
        noEmit: true,
        types: ['node']
      },
      files: examples.filter(({ language }) => language === 'ts').map(({ file }) => file)
    }
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
    expect(config.files.length, 'number of blocks in TypeScript').to.be.greaterThan(0)
    expect(await run(join(root, 'node_modules/.bin/tsc'), ['-p', directory], root)).to.equal('')
  })
})

describe('the documentation', () => {
  for (const file of [...pages, 'ARCHITECTURE.md', 'examples/data/README.md'])
    it(`names no file of the workspace that does not exist: ${file}`, () => {
      const text = readFileSync(join(root, file), 'utf8')
      const named = [...text.matchAll(/(?<=[`(])(?:test|core|plugins|examples|tools)\/[\w./-]+(?=[`)])/g)].map(([path]) => path)
      expect(named.filter(path => !existsSync(join(root, path)))).to.deep.equal([])
    })
})
