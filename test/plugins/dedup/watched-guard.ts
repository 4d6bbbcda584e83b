import { openMemoryGuard, type SignatureGuard } from '@rxtuna/dedup'

type Method = Exclude<keyof SignatureGuard, symbol> | 'dispose'

export interface WatchedGuard {
  readonly guard: SignatureGuard
  /** What was called, one array for each turn of the event loop in which something was. */
  readonly turns: Method[][]
  /** Called, and awaited, before a method does its work. */
  before: (method: Method, args: readonly unknown[]) => void | Promise<void>
  /** How often a method was called. */
  count(method: Method): number
  /** Resolves when a method has been called that often in all. */
  called(method: Method, times: number): Promise<void>
}

/** A guard whose calls are listed, and can be held up from outside. */
export function watchedGuard(inner: SignatureGuard = openMemoryGuard()): WatchedGuard {
  let wake = (): void => {}
  let turn: Method[] | undefined
  const watch: WatchedGuard = {
    turns: [],
    before: () => {},
    count: method => watch.turns.flat().filter(called => called === method).length,
    async called(method, times) {
      while (watch.count(method) < times)
        await new Promise<void>(resolve => {
          wake = resolve
        })
    },
    guard: new Proxy(inner, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key)
        if (typeof value !== 'function') return value
        const method = (key === Symbol.asyncDispose ? 'dispose' : key) as Method
        return async (...args: unknown[]) => {
          if (!turn) {
            turn = []
            watch.turns.push(turn)
            setImmediate(() => {
              turn = undefined
            })
          }
          turn.push(method)
          wake()
          await watch.before(method, args)
          return Reflect.apply(value, target, args)
        }
      }
    })
  }
  return watch
}
