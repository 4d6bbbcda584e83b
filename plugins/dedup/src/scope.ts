import type { AskCall, Json, Space } from '@rxtuna/core'
import { distributionToJson } from '@rxtuna/core/python'
import { dedupError } from './errors.ts'
import { moduleTexts } from './module-texts.ts'
import { canonicalJson, sha256 } from './signature.ts'

/** What the user adds to every signature. */
export type UserScope = Readonly<Record<string, string | number>>
type AskedObjective = NonNullable<AskCall['objective']>

/**
 * The SHA-256 of what a trial is evaluated with beside its params: the objective's code and the user's scope. The code is the text of `space`
 * and `evaluate`; a `version` that is a file's URL stands for that module and all modules of the project that it imports, another text for itself.
 */
export class Scopes {
  readonly #user: UserScope
  readonly #known = new WeakMap<object, WeakMap<object, Map<string | undefined, Promise<string>>>>()

  constructor(user: UserScope) {
    if (typeof user !== 'object' || user === null) throw dedupError('DEDUP_OPTION', 'scope', 'an object of strings and numbers', user)
    for (const [name, value] of Object.entries(user))
      if (typeof value !== 'string' && !Number.isFinite(value)) throw dedupError('DEDUP_SCOPE', name, value)
    this.#user = { ...user }
  }

  /** Computed once per space, `evaluate` and `version`. Rejects with a sentence for code that cannot be read; the next call tries again. */
  of(objective: AskedObjective): Promise<string> {
    const { space, evaluate = space, version } = objective
    const byEvaluate = getOrAdd(this.#known, space, () => new WeakMap())
    const byVersion = getOrAdd(byEvaluate, evaluate as object, () => new Map<string | undefined, Promise<string>>())
    let scope = byVersion.get(version)
    if (!scope) {
      scope = this.#compute(objective)
      byVersion.set(version, scope)
      scope.catch(() => byVersion.delete(version))
    }
    return scope
  }

  async #compute({ space, evaluate, version }: AskedObjective): Promise<string> {
    const { table, where, define } = space as Space<unknown>
    const text = (name: string, code: unknown): string => {
      const source = String(code)
      // All bound functions read the same, whatever they do.
      if (version === undefined && /\{\s*\[native code\]\s*\}$/.test(source)) throw dedupError('DEDUP_CODE', name)
      return source
    }
    const code: Json = {
      space: table
        ? Object.fromEntries(Object.entries(table).map(([name, distribution]) => [name, distributionToJson(distribution)]))
        : text('space', define ?? space),
      where: where ? text('where', where) : null,
      evaluate: evaluate === undefined ? null : text('evaluate', evaluate),
      version: version?.startsWith('file:') ? await moduleTexts(version) : (version ?? null)
    }
    return sha256(canonicalJson({ code, user: this.#user }))
  }
}

function getOrAdd<K extends object, V>(map: WeakMap<K, V>, key: K, create: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = create()
    map.set(key, value)
  }
  return value
}
