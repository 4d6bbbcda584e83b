import { setImmediate } from 'node:timers/promises'

/** From this size on a file is read onto shared memory, and a table is encoded and decoded in threads: below, it takes less than the event loop notices. */
export const largeBytes: number = 2 * 1024 ** 2

// Copying this much takes about two milliseconds, most of which is the system's handing out memory.
const sliceBytes = 2 * 1024 ** 2

/** The parts, one after the other, on shared memory; copied in turns, so that the event loop stays free. */
export async function toShared(parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const [first] = parts
  if (parts.length === 1 && first?.buffer instanceof SharedArrayBuffer) return first
  const shared = new Uint8Array(new SharedArrayBuffer(parts.reduce((sum, part) => sum + part.length, 0)))
  let at = 0
  let copied = 0
  for (const part of parts) {
    for (let from = 0; from < part.length; from += sliceBytes) {
      const slice = part.subarray(from, from + sliceBytes)
      shared.set(slice, at)
      at += slice.length
      copied += slice.length
      if (copied < sliceBytes) continue
      copied = 0
      await setImmediate()
    }
  }
  return shared
}
