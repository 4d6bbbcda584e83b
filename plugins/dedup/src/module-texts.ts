import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { dedupError } from './errors.ts'
import { sha256 } from './signature.ts'

// Any text that looks like an import counts: one too many costs a read, one too few a wrong answer.
const imports = /\b(?:from|import|require)\b(?:[\s(]|\/\*[\s\S]*?\*\/)*(['"`])((?:\.{1,2}\/|#)[^'"`\n]+)\1/g

/**
 * The modules that a module consists of: itself and what it imports by a relative path or a `#name` of its package, each as its place relative
 * to the module and the hash of its text, sorted. Where the project lies does not matter. What an import names and nobody can read, as in a
 * comment, is entered as missing. Rejects with a sentence when the module itself cannot be read.
 */
export async function moduleTexts(url: string): Promise<readonly string[]> {
  const root = plain(new URL(url).href)
  const hashes = new Map<string, string>()
  const pending = [root]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (hashes.has(next)) continue
    const text = await moduleText(next, next === root)
    hashes.set(next, text === undefined ? 'missing' : sha256(text))
    for (const [, , specifier] of (text ?? '').matchAll(imports)) pending.push(...candidates(specifier as string, next))
  }
  const base = new URL('.', root).href.split('/').slice(0, -1)
  return [...hashes].map(([href, hash]) => `${relative(href, base)} ${hash}`).sort()
}

/** Where an import may lead: the file itself, or the TypeScript that another loader takes for its JavaScript. */
function candidates(specifier: string, importer: string): readonly string[] {
  if (specifier.startsWith('#')) {
    try {
      const path = createRequire(importer).resolve(specifier)
      return /[\\/]node_modules[\\/]/.test(path) ? [] : [pathToFileURL(path).href]
    } catch {
      return []
    }
  }
  const href = plain(new URL(specifier, importer).href)
  if (/\.[cm]?jsx?$/.test(href)) return [href, href.replace(/js(x?)$/, 'ts$1')]
  return /\.\w+$/.test(href) ? [href] : [href, `${href}.ts`, `${href}.js`, `${href}/index.ts`, `${href}/index.js`]
}

const plain = (href: string): string => href.replace(/[?#].*$/, '')

function relative(href: string, base: readonly string[]): string {
  const path = href.split('/')
  let common = 0
  while (common < base.length && path[common] === base[common]) common++
  return [...base.slice(common).map(() => '..'), ...path.slice(common)].join('/')
}

async function moduleText(href: string, isRoot: boolean): Promise<string | undefined> {
  try {
    return await readFile(fileURLToPath(href), 'utf8')
  } catch (error) {
    if (!isRoot) return undefined
    throw dedupError('DEDUP_VERSION', href, (error as Error).message)
  }
}
