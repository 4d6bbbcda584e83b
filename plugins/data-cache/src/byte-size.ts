// Beyond so many objects the rest is taken for as large as what was seen.
const most = 10_000

/** About how many bytes a value holds: those of typed arrays and texts, and eight for each number, reference or property. Shared parts count once. */
export function byteSize(value: unknown): number {
  const seen = new Set<object>()
  const left: unknown[] = [value]
  let bytes = 0
  let looked = 0
  while (left.length > 0 && looked < most) {
    const next = left.pop()
    looked++
    if (typeof next === 'string') bytes += 2 * next.length
    else if (typeof next !== 'object' || next === null) bytes += 8
    else if (!seen.has(next)) {
      seen.add(next)
      if (ArrayBuffer.isView(next)) bytes += next.byteLength
      else if (next instanceof ArrayBuffer || next instanceof SharedArrayBuffer) bytes += next.byteLength
      else {
        bytes += 16
        if (next instanceof Map) for (const entry of next) left.push(...entry)
        else if (next instanceof Set || Array.isArray(next)) for (const item of next) left.push(item)
        else for (const item of Object.values(next)) left.push(item)
      }
    }
  }
  return left.length === 0 ? bytes : Math.round((bytes / looked) * (looked + left.length))
}
