export interface CodeBlock {
  /** The line of the opening fence, from 1. */
  readonly line: number
  readonly language: 'ts' | 'js'
  /** False where the info string says `no-run`: type-checked only. */
  readonly run: boolean
  readonly code: string
}

/** The TypeScript and JavaScript blocks of a Markdown text. */
export function codeBlocks(markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  for (const match of markdown.matchAll(/^(`{3,})(.*)\n([\s\S]*?)^\1[ \t]*$/gm)) {
    const [name = '', ...words] = (match[2] ?? '').trim().split(/\s+/)
    const language = { ts: 'ts', typescript: 'ts', js: 'js', javascript: 'js' }[name]
    if (language !== 'ts' && language !== 'js') continue
    const line = markdown.slice(0, match.index).split('\n').length
    blocks.push({ line, language, run: !words.includes('no-run'), code: match[3] ?? '' })
  }
  return blocks
}
