import { hash } from 'node:crypto'

/** A text that changes when something is written into a value: into its arrays, typed arrays, maps, sets and plain properties. */
export function fingerprint(value: unknown): string {
  const seen = new Map<object, number>()
  const parts: string[] = []
  const look = (next: unknown): void => {
    if (typeof next !== 'object' || next === null) {
      parts.push(Object.is(next, -0) ? '-0' : typeof next === 'function' ? 'function' : `${typeof next} ${String(next)}`)
      return
    }
    const known = seen.get(next)
    if (known !== undefined) {
      parts.push(`#${known}`)
      return
    }
    seen.set(next, seen.size)
    if (ArrayBuffer.isView(next)) parts.push(hash('sha256', new Uint8Array(next.buffer, next.byteOffset, next.byteLength), 'hex'))
    else if (next instanceof Map || next instanceof Set) for (const item of next) look(item)
    else
      for (const [key, item] of Object.entries(next)) {
        parts.push(key)
        look(item)
      }
    parts.push(';')
  }
  look(value)
  return parts.join()
}
