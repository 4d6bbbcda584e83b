import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { categorical, createStudy, float, int, type Params, type Suggest, space, systemKeys } from '@rxtuna/core'
import { type DedupOptions, dedup } from '@rxtuna/dedup'
import { expect } from 'chai'
import { failure } from './errors.ts'

const table = space({ x: int(1, 5) })
const square = ({ x }: { readonly x: number }): number => x * x

/** The scope that one trial of an objective is stored with. */
async function scopeOf(objective: object, scope: DedupOptions['scope'] = {}): Promise<unknown> {
  await using study = await createStudy({ name: 'study', seed: 1, plugins: [dedup({ scope })] })
  await study.optimize({ space: table, evaluate: square, ...objective } as never, { trials: 1 })
  return (await study.trials())[0]?.systemAttributes[systemKeys.scope]
}

describe('what a trial is evaluated with', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-scope-'))
  after(() => rmSync(directory, { recursive: true }))

  /** Writes modules below a directory; gives the URL of the first. */
  function modules(project: string, texts: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(texts)) {
      const path = join(directory, project, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
    return pathToFileURL(join(directory, project, Object.keys(texts)[0] as string)).href
  }

  it('is stored with it as rxtuna:scope, 64 digits that the next process computes as well', async () => {
    const scope = await scopeOf({})
    expect(scope).to.match(/^[0-9a-f]{64}$/)
    expect(await scopeOf({})).to.equal(scope)
  })

  it('is the code of evaluate', async () => {
    const other = ({ x }: { readonly x: number }): number => x * x + 1
    expect(await scopeOf({ evaluate: other })).not.to.equal(await scopeOf({}))
  })

  it('is every part of a space: its table, its where, its function', async () => {
    const spaces = [
      table,
      space({ x: int(1, 6) }),
      space({ x: float(1, 5) }),
      space({ x: int(1, 5, { step: 2 }) }),
      space({ x: categorical([1, 2]) }),
      space({ x: categorical([1, '2']) }),
      space({ x: int(1, 5) }, { where: ({ x }) => x > 1 }),
      space({ x: int(1, 5) }, { where: ({ x }) => x > 2 }),
      space(suggest => ({ x: suggest.suggestInt('x', 1, 5) })),
      space(suggest => ({ x: suggest.suggestInt('x', 1, 6) })),
      space(suggest => ({ x: suggest.suggestInt('x', 1, 6) }), { where: ({ x }) => x > 1 }),
      (suggest: Suggest) => ({ x: suggest.suggestInt('x', 1, 7) })
    ]
    const scopes = []
    for (const each of spaces) scopes.push(await scopeOf({ space: each }))
    expect(new Set(scopes).size).to.equal(spaces.length)
  })

  it('is told apart for two objectives of one study that share their evaluate', async () => {
    await using study = await createStudy({ plugins: [dedup()] })
    const evaluate = (): number => 1
    await study.optimize({ space: space({ x: int(1, 1) }), evaluate, version: '1' }, { trials: 1 })
    await study.optimize({ space: space({ x: int(1, 1) }, { where: () => true }), evaluate, version: '1' }, { trials: 1 })
    await study.optimize({ space: space({ x: int(1, 1) }), evaluate, version: '2' }, { trials: 1 })
    const trials = await study.trials()
    expect(trials.map(trial => trial.reusedFrom)).to.deep.equal([undefined, undefined, undefined])
  })

  it('is a version text, and what the user adds', async () => {
    const scopes = [
      await scopeOf({}),
      await scopeOf({ version: '1' }),
      await scopeOf({ version: '2' }),
      await scopeOf({}, { data: '1' }),
      await scopeOf({}, { data: 1 }),
      await scopeOf({}, { period: '1' })
    ]
    expect(new Set(scopes).size).to.equal(scopes.length)
    expect(await scopeOf({}, { a: 1, b: 2 })).to.equal(await scopeOf({}, { b: 2, a: 1 }))
  })

  it('is, with version: import.meta.url, every module of the project that the module imports', async () => {
    const texts = {
      'src/strategy.ts': [
        "import { mean } from './math.ts'",
        "import type {\n  Bar, // the day's prices\n  Day\n} from '../types.ts'",
        "import json from 'some-package'",
        "export * from './costs.js'",
        'const late = await import(/* only then */ `./late.ts`)',
        "const rules = require('./rules')",
        "import { fees } from '#fees'"
      ].join('\n'),
      'src/math.ts': "import './strategy.ts'\nexport { mean } from './deep/mean.ts'",
      'src/deep/mean.ts': '1',
      'types.ts': '1',
      'src/costs.ts': '1',
      'src/late.ts': '1',
      'src/rules/index.js': '1',
      'src/fees.js': '1',
      'package.json': '{"type":"module","imports":{"#fees":"./src/fees.js"}}'
    }
    const version = modules('whole', texts)
    const before = await scopeOf({ version })
    expect(await scopeOf({ version })).to.equal(before)
    const seen = new Set([before])
    for (const name of Object.keys(texts).filter(name => name !== 'package.json')) {
      modules('whole', { [name]: `${texts[name as keyof typeof texts]}\n// changed` })
      seen.add(await scopeOf({ version }))
    }
    expect(seen.size).to.equal(Object.keys(texts).length)
    modules('whole', { 'src/other.ts': 'nobody imports it' })
    expect(seen).to.include(await scopeOf({ version }))
  })

  it('does not depend on where the project lies', async () => {
    const texts = { 'src/a.ts': "import '../lib/b.ts'", 'lib/b.ts': 'export const b = 1' }
    const before = await scopeOf({ version: modules('here', texts) })
    mkdirSync(join(directory, 'deeper/and'), { recursive: true })
    renameSync(join(directory, 'here'), join(directory, 'deeper/and/there'))
    expect(await scopeOf({ version: pathToFileURL(join(directory, 'deeper/and/there/src/a.ts')).href })).to.equal(before)
  })

  it('takes no notice of an import that leads nowhere, such as one in a comment, until there is a file', async () => {
    const version = modules('comment', { 'a.ts': "// once: import { b } from './b.ts'" })
    const before = await scopeOf({ version })
    modules('comment', { 'b.ts': 'export const b = 1' })
    expect(await scopeOf({ version })).not.to.equal(before)
  })

  it('is refused with a sentence when the module of version cannot be read, and found when it can', async () => {
    const version = pathToFileURL(join(directory, 'gone.ts')).href
    await using study = await createStudy({ plugins: [dedup()] })
    const objective = { space: table, evaluate: square, version }
    const { code, message } = await failure(() => study.optimize(objective, { trials: 1 }))
    expect(code).to.equal('DEDUP_VERSION')
    expect(message).to.contain('gone.ts').and.contain('import.meta.url')
    writeFileSync(join(directory, 'gone.ts'), '1')
    expect(await study.optimize(objective, { trials: 1 })).to.include({ complete: 1 })
  })

  it('is refused with a sentence for a bound function, whose text says nothing, unless there is a version', async () => {
    const bound = function (this: number, { x }: Params): number {
      return this * Number(x)
    }.bind(2)
    const { code, message } = await failure(() => scopeOf({ evaluate: bound }))
    expect(code).to.equal('DEDUP_CODE')
    expect(message).to.contain('`evaluate`').and.contain('`version`')
    expect(await scopeOf({ evaluate: bound, version: '1' })).to.be.a('string')
  })

  it('refuses values that say nothing with a sentence', async () => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, true, null, undefined, {}, []]) {
      const { code, message } = await failure(() => dedup({ scope: { data: wrong as never } }))
      expect(code).to.equal('DEDUP_SCOPE')
      expect(message).to.contain('"data"')
    }
    expect((await failure(() => dedup({ scope: null as never }))).code).to.equal('DEDUP_OPTION')
  })
})
