import { problem } from './errors.ts'

/** A question that was asked of params: the value at a path, whether there is one, of its own or at all, or which keys there are. */
export interface Read {
  readonly ask: 'value' | 'has' | 'own' | 'keys'
  readonly path: readonly string[]
}

/** Params as one step sees them, and what it has asked of them so far, each question once. */
export interface RecordedParams<P> {
  readonly params: P
  readonly reads: readonly Read[]
  /** From now on a read throws: it would no longer be known. */
  close(): void
}

/** Wraps params, plain objects and arrays within them too, so that what is read is known. Any other object in them counts as one value, by identity. */
export function recordReads<P>(params: P, step: string): RecordedParams<P> {
  const reads = new Map<string, Read>()
  const proxies = new Map<string, object>()
  let isClosed = false
  const note = (ask: Read['ask'], path: readonly string[]): void => {
    if (isClosed) throw problem('STAGE_LATE_READ', step, path.join('.'))
    const id = JSON.stringify([ask, path])
    if (!reads.has(id)) reads.set(id, { ask, path })
  }
  const seen = (value: unknown, path: readonly string[]): unknown => {
    note('value', path)
    if (!isPlain(value)) return value
    // One for a path, so that it equals itself.
    const id = JSON.stringify(path)
    const proxy = proxies.get(id) ?? wrapped(value, path)
    proxies.set(id, proxy)
    return proxy
  }
  const wrapped = (value: object, path: readonly string[]): object =>
    // Around an empty object: around a frozen one a proxy may not return wrapped values.
    new Proxy(Array.isArray(value) ? [] : {}, {
      get: (_, key) => (typeof key === 'symbol' ? Reflect.get(value, key) : seen(Reflect.get(value, key), [...path, key])),
      has: (_, key) => {
        if (typeof key === 'string') note('has', [...path, key])
        return Reflect.has(value, key)
      },
      ownKeys: () => {
        note('keys', path)
        return Reflect.ownKeys(value)
      },
      getOwnPropertyDescriptor: (_, key) => {
        const own = Reflect.getOwnPropertyDescriptor(value, key)
        if (typeof key === 'symbol') return own
        note('own', [...path, key])
        if (own === undefined) return own
        const isLength = Array.isArray(value) && key === 'length'
        return { ...own, value: seen(own.value, [...path, key]), writable: isLength, configurable: !isLength }
      },
      getPrototypeOf: () => Reflect.getPrototypeOf(value),
      set: (_, key) => refuse(step, key),
      defineProperty: (_, key) => refuse(step, key),
      deleteProperty: (_, key) => refuse(step, key)
    })
  return {
    // The wrapped params answer as the given ones do.
    params: seen(params, []) as P,
    get reads() {
      return [...reads.values()]
    },
    close: () => {
      isClosed = true
    }
  }
}

/**
 * The params as they are now, in plain objects and arrays of their own: what happens to the given ones later is not seen. Other objects in them stay
 * themselves. Throws a sentence for names that are symbols and for objects that hold themselves.
 */
export function snapshot(value: unknown, path: readonly string[] = [], above: readonly object[] = []): unknown {
  if (!isPlain(value)) return value
  if (above.includes(value)) throw problem('STAGE_PARAMS', path.join('.'), 'an object that holds itself')
  if (Object.getOwnPropertySymbols(value).length > 0) throw problem('STAGE_PARAMS', path.join('.'), 'a symbol as name')
  const inside = [...above, value]
  const part = (key: string): unknown => snapshot(Reflect.get(value, key), [...path, key], inside)
  if (Array.isArray(value)) return Array.from(value, (_, i) => part(`${i}`))
  const copy: Record<string, unknown> = Object.create(Object.getPrototypeOf(value))
  for (const key of Object.keys(value)) copy[key] = part(key)
  return copy
}

/** What params answer to some questions, as a text: equal texts, equal answers. */
export function answers(params: unknown, reads: readonly Read[]): string {
  return reads.map(read => answer(params, read)).join(' ')
}

function answer(params: unknown, { ask, path }: Read): string {
  const above = ask === 'has' || ask === 'own' ? path.slice(0, -1) : path
  let value = params
  for (const key of above) {
    if (!isPlain(value)) return '-'
    value = Reflect.get(value, key)
  }
  if (ask === 'value') return textOf(value)
  if (!isPlain(value)) return '-'
  const name = path.at(-1) ?? ''
  if (ask === 'has') return String(Reflect.has(value, name))
  return ask === 'own' ? String(Object.hasOwn(value, name)) : JSON.stringify(Reflect.ownKeys(value).map(String))
}

/** All of the params, as a text. */
export function whole(value: unknown): string {
  if (!isPlain(value)) return textOf(value)
  const entries = Reflect.ownKeys(value).map(key => `${JSON.stringify(String(key))}:${whole(Reflect.get(value, key))}`)
  return `${Array.isArray(value) ? '[' : '{'}${entries.join()}}`
}

const identities = new WeakMap<object, number>()
let identified = 0

/** A value as one word; of a plain object or an array only which of both it is, because what it holds is read by itself. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) return String(value)
  if (isPlain(value)) return Array.isArray(value) ? '[]' : '{}'
  const identity = identities.get(value) ?? ++identified
  identities.set(value, identity)
  return `#${identity}`
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return true
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function refuse(step: string, key: PropertyKey): never {
  throw problem('STAGE_WRITE', step, String(key))
}
