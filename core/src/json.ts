import { problem } from './errors.ts'

/** Throws for what would not be read back as it was written. `within`: the objects that the value lies in. */
export function assertJson(key: string, value: unknown, within: readonly unknown[] = []): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return
  const isPlain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value))
  if ((Array.isArray(value) || isPlain) && !within.includes(value))
    for (const item of Array.isArray(value) ? value : Object.values(value as object)) assertJson(key, item, [...within, value])
  else throw problem('ATTRIBUTE_VALUE', key, value)
}
