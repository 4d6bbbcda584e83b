import { memory, type StudyStorage } from '@rxtuna/core'

type Method = Exclude<keyof StudyStorage, symbol> | 'dispose'

export interface WatchedStorage {
  readonly storage: StudyStorage
  /** The names of the methods that were called. */
  readonly calls: Method[]
  /** Called, and awaited, before a method does its work; what it throws is what the method rejects with. */
  before: (method: Method, args: readonly unknown[]) => void | Promise<void>
  /** Called, and awaited, after a method did its work. */
  after: (method: Method, args: readonly unknown[]) => void | Promise<void>
}

/** A storage whose calls are listed, and can be held up or made to fail from outside. */
export function watched(inner: StudyStorage = memory()): WatchedStorage {
  const watch: WatchedStorage = {
    calls: [],
    before: () => {},
    after: () => {},
    storage: new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        const method = (key === Symbol.asyncDispose ? 'dispose' : key) as Method
        return async (...args: unknown[]) => {
          watch.calls.push(method)
          await watch.before(method, args)
          const result: unknown = await Reflect.apply(value, target, args)
          await watch.after(method, args)
          return result
        }
      }
    })
  }
  return watch
}
