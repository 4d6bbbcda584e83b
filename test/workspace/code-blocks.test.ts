import { expect } from 'chai'
import { codeBlocks } from './code-blocks.ts'

describe('the code blocks of a README', () => {
  it('are those in TypeScript and JavaScript, with the line where they begin', () => {
    const markdown = ['# A', '```ts', 'one()', '', 'two()', '```', '```sh', 'npm test', '```', '```js no-run', 'three()', '```', ''].join(
      '\n'
    )
    expect(codeBlocks(markdown)).to.deep.equal([
      { line: 2, language: 'ts', run: true, code: 'one()\n\ntwo()\n' },
      { line: 10, language: 'js', run: false, code: 'three()\n' }
    ])
  })

  it('end at a fence as long as the one that opened them', () => {
    expect(codeBlocks('````md\n```ts\ninside()\n```\n````\n```typescript\nx\n```\n')).to.deep.equal([
      { line: 6, language: 'ts', run: true, code: 'x\n' }
    ])
  })
})
