import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Declarations } from '../../tools/declarations.ts'

describe('the report of what a package exports', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rxtuna-declarations-'))
  after(() => rmSync(directory, { recursive: true }))
  const write = (name: string, text: string): string => {
    const file = join(directory, name)
    writeFileSync(file, text)
    return file
  }
  const entry = write(
    'index.d.ts',
    "export { b, type A } from './a.ts';\nexport type { Far as Near } from './far.ts';\n//# sourceMappingURL=x\n"
  )
  write(
    'a.d.ts',
    `import type { Far } from './far.ts';
/** Not part of the signature. */
export interface A {
    /** Nor is this. */
    readonly far: Far;
}
interface Hidden {
    readonly text: 'Unnamed';
}
type Unnamed = 1;
export declare function b(a: A): Hidden;
export declare function b(): void;
`
  )
  write('far.d.ts', 'export type Far = number;\n')

  it('has each exported name with its declaration, overloads and all, and no comments', () => {
    const exported = new Declarations().exportsOf(entry)
    expect([...exported].map(([name, { text }]) => [name, text])).to.deep.equal([
      ['A', 'export interface A {\n    readonly far: Far;\n}'],
      ['Near', 'export type Far = number;'],
      ['b', 'export declare function b(a: A): Hidden;\nexport declare function b(): void;']
    ])
  })

  it('has what they name and is not exported, and nothing else', () => {
    const declarations = new Declarations()
    const used = declarations.usedBy(declarations.exportsOf(entry).values())
    expect(used.map(({ name }) => name)).to.deep.equal(['Hidden'])
  })

  it('refuses an export without a declaration', () => {
    const broken = write('broken.d.ts', "export { missing } from './far.ts';\n")
    expect(() => new Declarations().exportsOf(broken)).to.throw('Expected a declaration of missing')
  })
})
