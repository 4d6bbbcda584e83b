import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { AskedObjective, Json } from '@rxtuna/core'
import { dedupError } from './errors.ts'
import { canonicalJson, sha256 } from './signature.ts'

/** What the user adds to every signature. */
export type UserScope = Readonly<Record<string, string | number>>

/**
 * The SHA-256 of what a trial is evaluated with beside its params: the objective's code and the user's scope. The code is the text of `space`
 * and `evaluate`; a `version` that is a file's URL stands for that module and all modules of the project that it imports, another text for itself.
 */
export class Scopes {
  readonly #user: UserScope
  readonly #known = new WeakMap<object, Promise<string>>()

  constructor(user: UserScope) {
    for (const [name, value] of Object.entries(user))
      if (typeof value !== 'string' && !Number.isFinite(value)) throw dedupError('DEDUP_SCOPE', name, value)
    this.#user = user
  }

  /** Computed once per `evaluate` function, or per space in a hand-written loop. */
  of(objective: AskedObjective): Promise<string> {
    const identity = (objective.evaluate ?? objective.space) as object
    let scope = this.#known.get(identity)
    if (!scope) {
      scope = this.#compute(objective)
      this.#known.set(identity, scope)
    }
    return scope
  }

  async #compute({ space, evaluate, version }: AskedObjective): Promise<string> {
    const { table, where, define } = space
    const code: Json = {
      space: table ? (table as unknown as Json) : String(define ?? space),
      where: where ? String(where) : null,
      evaluate: evaluate === undefined ? null : String(evaluate),
      version: version?.startsWith('file:') ? await moduleTexts(version) : (version ?? null)
    }
    return sha256(canonicalJson({ code, user: this.#user }))
  }
}

const imports = /\b(?:import|export)\b[^'"]*?from\s*['"](\.{1,2}\/[^'"]+)['"]|\bimport\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** The texts of a module and of every module that it imports by a relative path, hashed, in the order of their URLs relative to it. */
async function moduleTexts(url: string): Promise<Json> {
  const texts = new Map<string, string>()
  const pending = [new URL(url).href.replace(/[?#].*$/, '')]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (texts.has(next)) continue
    const text = await moduleText(next)
    texts.set(next, text)
    for (const [, from, dynamic] of text.matchAll(imports)) pending.push(new URL((from ?? dynamic) as string, next).href)
  }
  // Where the project lies does not matter: names are kept relative to the module.
  const base = new URL('.', url).href
  return [...texts]
    .map(([href, text]) => [href.startsWith(base) ? href.slice(base.length) : sharedSuffix(href, base), sha256(text)].join(' '))
    .sort()
}

function sharedSuffix(href: string, base: string): string {
  const path = href.split('/')
  const from = base.split('/').slice(0, -1)
  let common = 0
  while (common < from.length && path[common] === from[common]) common++
  return [...from.slice(common).map(() => '..'), ...path.slice(common)].join('/')
}

async function moduleText(href: string): Promise<string> {
  try {
    return await readFile(fileURLToPath(href), 'utf8')
  } catch (error) {
    throw dedupError('DEDUP_VERSION', href, (error as Error).message)
  }
}
