import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface Declaration {
  readonly name: string
  /** As tsc wrote it, without comments; several for overloads. */
  readonly text: string
  /** The module that it stands in. */
  readonly file: string
}

interface Module {
  readonly declarations: ReadonlyMap<string, Declaration>
  /** What other names stand for: names imported, or exported from elsewhere. */
  readonly links: ReadonlyMap<string, { readonly file: string; readonly name: string; readonly exported: boolean }>
}

/** Reads declaration files (`.d.ts`) as tsc writes them: one statement begins at each line that is not indented. */
export class Declarations {
  readonly #modules = new Map<string, Module>()

  /** The names that a module exports from elsewhere, in alphabetical order, each with its declaration. */
  exportsOf(file: string): ReadonlyMap<string, Declaration> {
    const names = [...this.#module(file).links].filter(([, { exported }]) => exported).map(([name]) => name)
    return new Map(names.sort().map(name => [name, this.#find(file, name) ?? fail(name, file)]))
  }

  /** All declarations of these files that the given ones name, directly or through others, without the given ones. */
  usedBy(given: Iterable<Declaration>): readonly Declaration[] {
    const seen = new Set(given)
    const found: Declaration[] = []
    for (const { file, text } of seen) {
      for (const [word] of withoutStrings(text).matchAll(/[\p{L}_$][\p{L}\d_$]*/gu)) {
        const declaration = this.#find(file, word)
        if (!declaration || seen.has(declaration)) continue
        // The loop goes on over what is added here.
        seen.add(declaration)
        found.push(declaration)
      }
    }
    return found.sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #find(file: string, name: string): Declaration | undefined {
    const { declarations, links } = this.#module(file)
    const link = links.get(name)
    return declarations.get(name) ?? (link && this.#find(link.file, link.name))
  }

  #module(file: string): Module {
    const known = this.#modules.get(file)
    if (known) return known
    const declarations = new Map<string, Declaration>()
    const links = new Map<string, { file: string; name: string; exported: boolean }>()
    for (const statement of statementsOf(readFileSync(file, 'utf8'))) {
      const link = /^(import|export) (?:type )?\{([^}]*)\} from '(\.[^']+)'/.exec(statement)
      if (link) {
        const from = join(dirname(file), (link[3] ?? '').replace(/\.[jt]s$/, '.d.ts'))
        for (const part of (link[2] ?? '').split(',')) {
          const [name = '', as = name] = part
            .trim()
            .replace(/^type /, '')
            .split(' as ')
          links.set(as, { file: from, name, exported: link[1] === 'export' })
        }
        continue
      }
      const name = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const) ([\w$]+)/.exec(statement)?.[1]
      if (name === undefined) continue
      const earlier = declarations.get(name)
      declarations.set(name, { name, file, text: earlier ? `${earlier.text}\n${statement}` : statement })
    }
    const module = { declarations, links }
    this.#modules.set(file, module)
    return module
  }
}

function statementsOf(source: string): readonly string[] {
  const lines = source.replaceAll(/^[ \t]*\/\*\*[\s\S]*?\*\/\r?\n|^\/\/.*$/gm, '').split('\n')
  const statements: string[] = []
  for (const line of lines) {
    if (/^(export|import|declare|interface|type|class|function|const)\b/.test(line)) statements.push(line)
    else if (line !== '' && statements.length > 0) statements[statements.length - 1] += `\n${line}`
  }
  return statements
}

function withoutStrings(text: string): string {
  return text.replaceAll(/'[^'\n]*'/g, "''")
}

function fail(name: string, file: string): never {
  throw new Error(`Expected a declaration of ${name}, which ${file} exports, got none. Build core first.`)
}
