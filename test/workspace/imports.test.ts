import { expect } from 'chai'
import { importsOf, packageOf } from './imports.ts'

describe('the search for imports', () => {
  it('finds every form of an import, over several lines too', () => {
    const text = [
      "import 'a'",
      "import b from 'b'",
      "import type { C } from 'c'",
      "import {\n  d,\n  type D\n} from 'd'",
      "export { e } from './e.ts'",
      "export * from './f.ts'",
      "const g = await import('g')",
      "let h: import('h').H",
      "const i = require('i')"
    ].join('\n')
    expect([...importsOf(text)].sort()).to.deep.equal(['./e.ts', './f.ts', 'a', 'b', 'c', 'd', 'g', 'h', 'i'])
  })

  it('passes over comments, and over exports that import nothing', () => {
    expect(importsOf(" * import x from 'x'\n// import('y')\nexport const from = 'z'\nexport type T = 'from'\n")).to.deep.equal([])
  })

  it('tells the package of a specifier', () => {
    expect(['rxjs', 'rxjs/operators', '@rxtuna/core/node'].map(packageOf)).to.deep.equal(['rxjs', 'rxjs', '@rxtuna/core'])
  })
})
